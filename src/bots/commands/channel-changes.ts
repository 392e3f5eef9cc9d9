/** Shows and changes a channel's settings, which `/scifi-channel` orders. */
import { StoryError } from '../../errors.ts';
import type { Hosts } from '../../queue/admission/settings.ts';
import type { Preset } from '../../story/story.ts';
import { hostsSentence } from '../hosts.ts';
import type { PromptChannel } from '../prompt-channels.ts';
import type { Caller, CommandServices } from './command.ts';
import { isTimeZone } from './daily-schedule.ts';

/** An order to show or change a channel's settings. */
export type ChannelOrder =
  | { readonly kind: 'on'; readonly prompts: NonNullable<PromptChannel['prompts']> }
  | { readonly kind: 'daily'; readonly daily: NonNullable<PromptChannel['daily']> }
  /** `undefined` for the community's setting. */
  | { readonly kind: 'together'; readonly hosts: Hosts | undefined }
  | { readonly kind: 'digest'; readonly digest: NonNullable<PromptChannel['digest']> }
  | { readonly kind: 'off' | 'status' };

/** What a chat reports about a channel. */
export interface ChannelEnvironment {
  /** The permissions that the settings need and the bot lacks there, in the chat's terms. */
  missing(channel: PromptChannel): readonly string[];
  /** Why the settings cannot work in such a channel at all; undefined where they can. */
  impossible?(channel: PromptChannel): string | undefined;
  /** How a user grants them, as a sentence. */
  readonly remedy: string;
  /** The channel's community, stored with its settings. */
  readonly home?: Pick<PromptChannel, 'community'>;
  /**
   * Why messages that do not mention the bot cannot be read, and the remedy; undefined where they can be
   * read.
   */
  readonly blindness?: string | undefined;
}

/**
 * Carries an order out. Returns a sentence for the user.
 *
 * @throws StoryError `bad_request` with a sentence
 */
export async function changeChannel(
  order: ChannelOrder,
  { channelId, environment: environmentOf }: Caller,
  { channels }: Pick<CommandServices, 'channels'>,
): Promise<string> {
  const environment = await environmentOf(order.kind !== 'off');
  const now = { ...(await channels.read(channelId)), channelId, ...environment.home };
  const save = async (channel: PromptChannel) => {
    const impossible = environment.impossible?.(channel);
    if (impossible) throw new StoryError('bad_request', `Nothing was changed: ${impossible}`);
    const missing = environment.missing(channel);
    if (missing.length > 0) {
      const sentence = `Nothing was changed: in this channel I need ${list(missing)}. ${environment.remedy}`;
      throw new StoryError('bad_request', sentence);
    }
    await channels.write(channel);
    return describe(channel, environment);
  };
  switch (order.kind) {
    case 'on': {
      const { blindness } = environment;
      if (order.prompts.messages === 'every' && blindness) throw new StoryError('bad_request', blindness);
      return save({ ...now, prompts: order.prompts });
    }
    case 'daily':
      if (!isTimeZone(order.daily.timeZone)) {
        const sentence = 'There is no time zone of that name. Give one such as Europe/Vienna.';
        throw new StoryError('bad_request', sentence);
      }
      return save({ ...now, daily: order.daily });
    case 'digest':
      return save({ ...now, digest: order.digest });
    case 'together': {
      const { hosts: _, ...others } = now;
      const { hosts } = order;
      await channels.write({ ...others, ...(hosts && { hosts }) });
      return hosts
        ? hostsSentence(hosts)
        : 'Those who may in the whole server or workspace can start stories that are written together here.';
    }
    case 'off': {
      const { hosts } = now;
      if (hosts) await channels.write({ channelId, ...environment.home, hosts });
      else await channels.remove(channelId);
      return `Off: messages here are no prompts any more, and there is no daily line and no digest.${hosts ? ` As before: ${hostsSentence(hosts)}` : ''}`;
    }
    case 'status':
      return describe(now, environment);
  }
}

function describe(channel: PromptChannel, environment: ChannelEnvironment): string {
  const { blindness } = environment;
  const { prompts, daily, digest, hosts } = channel;
  if (!prompts && !daily && !digest && !hosts)
    return 'Nothing is set for this channel. Begin with /scifi-channel on.';
  const lines: string[] = [];
  if (prompts) {
    const which = prompts.messages === 'every' ? 'Every message' : 'Every message that mentions me';
    lines.push(
      `${which} with at least ${prompts.leastCharacters} characters is a prompt, once in ` +
        `${prompts.cooldownSeconds} seconds for each user${prompts.threads ? ', with a thread for every story' : ''}${presetClause(prompts)}.`,
    );
    if (prompts.messages === 'every' && blindness) lines.push(blindness);
  } else lines.push('Messages are no prompts here.');
  if (daily)
    lines.push(
      `An opening line comes every day at ${daily.hour}:00, ${daily.timeZone}${presetClause(daily)}.`,
    );
  if (hosts) lines.push(hostsSentence(hosts));
  if (digest) lines.push(`The best of the week comes every Monday at ${digest.hour}:00, UTC.`);
  const impossible = environment.impossible?.(channel);
  if (impossible) lines.push(`This does not work here: ${impossible}`);
  const lacking = environment.missing(channel);
  if (lacking.length > 0) lines.push(`I am missing ${list(lacking)} in this channel.`);
  return lines.join('\n');
}

function presetClause({ preset }: { readonly preset?: Preset }): string {
  return preset ? `, with the preset ${preset}` : '';
}

function list(names: readonly string[]): string {
  return new Intl.ListFormat('en', { type: 'conjunction' }).format(names);
}
