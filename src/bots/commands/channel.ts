/** `/scifi-channel`: a channel's settings, and what they still need. */
import { StoryError } from '../../errors.ts';
import { HOSTS, type Hosts } from '../../queue/admission/settings.ts';
import type { Preset } from '../../story/story.ts';
import { hostsSentence } from '../hosts.ts';
import { PROMPT_CHANNEL_BOUNDS, type PromptChannel } from '../prompt-channels.ts';
import { DIGEST_HOUR } from '../shelf/digest-week.ts';
import { numberOf } from '../submit.ts';
import {
  type Caller,
  type Command,
  type CommandServices,
  type GivenOptions,
  readOptions,
} from './command.ts';
import { isTimeZone } from './daily-schedule.ts';
import { CHANNEL_PRESET_OPTION, presetSetting } from './preset-option.ts';
import { CHANNEL_HOSTS_OPTION, hostsNamed } from './together-option.ts';

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

const { cooldownSeconds, leastCharacters } = PROMPT_CHANNEL_BOUNDS;
const HOUR = /^([01]?\d|2[0-3])(?::00)?$/;

export const CHANNEL = {
  name: 'scifi-channel',
  description: 'Turn messages of this channel into stories, or see and change its settings',
  managers: 'channels',
  subcommands: [
    {
      name: 'on',
      description: 'Answer messages here with stories',
      options: [
        {
          type: 'text',
          name: 'messages',
          description: 'Which messages',
          required: true,
          choices: [
            { name: 'every message', value: 'every' },
            { name: 'only those that mention me', value: 'mentions' },
          ],
        },
        {
          type: 'whole',
          name: 'cooldown',
          description: `Seconds before the same user is answered again; ${cooldownSeconds.default} by default`,
          ...cooldownSeconds,
        },
        {
          type: 'whole',
          name: 'minimum',
          description: `Characters that a message needs; ${leastCharacters.default} by default`,
          ...leastCharacters,
        },
        { type: 'yes or no', name: 'threads', description: 'A thread for every story' },
        CHANNEL_PRESET_OPTION,
      ],
    },
    {
      name: 'daily',
      description: 'Post an opening line every day, for everyone to continue',
      options: [
        {
          type: 'whole',
          name: 'hour',
          description: 'The hour of the day, 0 to 23',
          required: true,
          min: 0,
          max: 23,
        },
        { type: 'text', name: 'timezone', description: 'Such as Europe/Vienna; UTC by default', max: 64 },
        CHANNEL_PRESET_OPTION,
      ],
    },
    {
      name: 'together',
      description: 'Who may start stories that are written together here: votes and relays',
      options: [CHANNEL_HOSTS_OPTION],
    },
    {
      name: 'digest',
      description: 'Post the best of what this channel has written, every Monday',
      options: [
        {
          type: 'whole',
          name: 'hour',
          description: `The hour of the day in UTC, 0 to 23; ${DIGEST_HOUR.default} by default`,
          min: DIGEST_HOUR.min,
          max: DIGEST_HOUR.max,
        },
      ],
    },
    { name: 'status', description: 'The settings of this channel, and the permissions that they lack' },
    { name: 'off', description: 'Answer no messages here, and post no daily line' },
  ],
  help: [
    'Turn messages of this channel into stories:',
    '• `/scifi-channel on` every message is a prompt; `on mentions` only those that mention me. Also: ' +
      '`cooldown=30` seconds for each user, `minimum=10` characters, `threads` for a thread for every story, `preset=wild`',
    '• `/scifi-channel daily hour=8 tz=Europe/Vienna preset=calm` posts an opening line every day, for everyone to continue',
    '• `/scifi-channel together moderators` lets only moderators start votes here, `together nobody` no user, ' +
      '`together everyone` everyone, and `together default` those whom `/scifi-limits together` allows',
    '• `/scifi-channel digest hour=9` posts the best of what this channel has written, every Monday at that hour, UTC',
    '• `/scifi-channel status` shows the settings, `/scifi-channel off` removes them',
  ].join('\n'),
  fromOptions: orderOf,
  fromText: readChannelWords,
  permission: ({ kind }) => (kind === 'status' ? 'anyone' : 'channel managers'),
  run: changeChannel,
} as const satisfies Command<ChannelOrder>;

function orderOf({ subcommand, value }: GivenOptions): ChannelOrder {
  switch (subcommand) {
    case 'on': {
      const prompts = {
        messages: value('messages') as 'every' | 'mentions',
        cooldownSeconds: Number(value('cooldown') ?? cooldownSeconds.default),
        leastCharacters: Number(value('minimum') ?? leastCharacters.default),
        threads: value('threads') === true,
        ...presetSetting(value('preset')),
      };
      return { kind: 'on', prompts };
    }
    case 'daily':
      return {
        kind: 'daily',
        daily: {
          hour: Number(value('hour')),
          timeZone: String(value('timezone') ?? 'UTC'),
          ...presetSetting(value('preset')),
        },
      };
    case 'together':
      return { kind: 'together', hosts: ownHosts(String(value('hosts'))) };
    case 'digest':
      return { kind: 'digest', digest: { hour: Number(value('hour') ?? DIGEST_HOUR.default) } };
    default:
      return { kind: subcommand === 'off' ? 'off' : 'status' };
  }
}

/** The setting behind a name; undefined for the community's. */
function ownHosts(name: string): Hosts | undefined {
  return HOSTS.find((hosts) => hosts === name);
}

/** Parses `on mentions cooldown=60`, `daily hour=8 tz=Europe/Vienna`, `status` and `off`. */
export function readChannelWords(text: string): ChannelOrder | undefined {
  const [order = ''] = text
    .trim()
    .toLowerCase()
    .split(/[\s,;]+/);
  const { options, rest } = readOptions(text.trim().split(/\s+/).slice(1));
  switch (order) {
    case 'on': {
      const words = rest.map((word) => word.toLowerCase());
      const prompts = {
        messages: words.includes('mentions') ? ('mentions' as const) : ('every' as const),
        cooldownSeconds: within('cooldown', options.get('cooldown'), cooldownSeconds),
        leastCharacters: within('minimum', options.get('minimum') ?? options.get('min'), leastCharacters),
        threads: words.includes('threads'),
        ...presetSetting(options.get('preset')),
      };
      return { kind: 'on', prompts };
    }
    case 'daily': {
      const hour = HOUR.exec(options.get('hour') ?? rest[0] ?? '')?.[1];
      if (hour === undefined) {
        const sentence = 'Give an hour from 0 to 23, such as /scifi-channel daily hour=8.';
        throw new StoryError('bad_request', sentence);
      }
      const timeZone = options.get('timezone') ?? options.get('tz') ?? rest[1] ?? 'UTC';
      const preset = presetSetting(options.get('preset'));
      return { kind: 'daily', daily: { hour: Number(hour), timeZone, ...preset } };
    }
    case 'together': {
      const names = CHANNEL_HOSTS_OPTION.choices.map(({ value }) => value);
      const given = options.get('hosts') ?? rest[0];
      return { kind: order, hosts: ownHosts(hostsNamed(given, names, '/scifi-channel together')) };
    }
    case 'digest': {
      const hour = HOUR.exec(options.get('hour') ?? rest[0] ?? String(DIGEST_HOUR.default))?.[1];
      if (hour === undefined) {
        const sentence = 'Give an hour from 0 to 23, such as /scifi-channel digest hour=9.';
        throw new StoryError('bad_request', sentence);
      }
      return { kind: 'digest', digest: { hour: Number(hour) } };
    }
    case 'off':
    case 'status':
      return { kind: order };
    case '':
    case 'help':
      return undefined;
    default: {
      const sentence =
        'Choose one of: on, daily, status, off, together, digest. /scifi-channel help explains them.';
      throw new StoryError('bad_request', sentence);
    }
  }
}

function within(
  name: string,
  value: string | undefined,
  { min, max, default: standard }: { readonly min: number; readonly max: number; readonly default: number },
): number {
  if (value === undefined) return standard;
  const number = numberOf(name, value, String(standard));
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  const sentence = `The ${name} is ${value}; give a whole number from ${min} to ${max.toLocaleString('en')}.`;
  throw new StoryError('bad_request', sentence);
}

async function changeChannel(
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
