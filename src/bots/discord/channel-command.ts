/** `/scifi-channel`: what is set for a channel, and what is missing for it. */
import {
  type ChatInputCommandInteraction,
  MessageFlags,
  PermissionFlagsBits,
  type PermissionsBitField,
} from 'discord.js';
import type { Logger } from 'pino';
import { StoryError } from '../../errors.ts';
import { isTimeZone, PROMPT_CHANNEL_BOUNDS, type PromptChannel } from '../prompt-channels.ts';
import { logged } from './ask.ts';
import type { PromptChannels } from './channel-settings.ts';

export interface ChannelTools {
  readonly channels: PromptChannels;
  /** Whether Discord lets the bot read messages that do not mention it. */
  readonly readsMessages: boolean;
  readonly logger: Logger;
}

const NO_INTENT =
  'I cannot read messages that do not mention me: the “Message Content Intent” is off. Switch it on in the ' +
  'developer portal under Bot and restart me, or choose “only those that mention me”.';

/** Answers the command, to its user alone. */
export async function changeChannel(
  interaction: ChatInputCommandInteraction,
  tools: ChannelTools,
): Promise<void> {
  await interaction.deferReply({ flags: MessageFlags.Ephemeral });
  const content = await change(interaction, tools).catch((error) => logged(error, tools.logger).message);
  await interaction.editReply({ content, allowedMentions: { parse: [] } });
}

async function change(interaction: ChatInputCommandInteraction, tools: ChannelTools): Promise<string> {
  const { channels } = tools;
  const { channelId, options } = interaction;
  const now = (await channels.read(channelId)) ?? { channelId };
  switch (options.getSubcommand()) {
    case 'on': {
      const { cooldownSeconds, leastCharacters } = PROMPT_CHANNEL_BOUNDS;
      const prompts = {
        messages: options.getString('messages', true) as 'every' | 'mentions',
        cooldownSeconds: options.getInteger('cooldown') ?? cooldownSeconds.default,
        leastCharacters: options.getInteger('minimum') ?? leastCharacters.default,
        threads: options.getBoolean('threads') ?? false,
      };
      if (prompts.messages === 'every' && !tools.readsMessages) {
        throw new StoryError('bad_request', NO_INTENT);
      }
      return save({ ...now, prompts }, interaction, tools);
    }
    case 'daily': {
      const hour = options.getInteger('hour', true);
      const timeZone = options.getString('timezone') ?? 'UTC';
      if (!isTimeZone(timeZone)) {
        throw new StoryError(
          'bad_request',
          'There is no time zone of that name. Give one such as Europe/Vienna.',
        );
      }
      return save({ ...now, daily: { hour, timeZone } }, interaction, tools);
    }
    case 'off':
      await channels.remove(channelId);
      return 'Off: messages here are no prompts any more, and there is no daily line.';
    default:
      return describe(now, interaction.appPermissions, tools.readsMessages);
  }
}

async function save(
  channel: PromptChannel,
  interaction: ChatInputCommandInteraction,
  { channels, readsMessages }: ChannelTools,
): Promise<string> {
  const missing = missingFor(channel, interaction.appPermissions);
  if (missing.length > 0) {
    throw new StoryError(
      'bad_request',
      `Nothing was changed: in this channel I need ${list(missing)}. Give me that in the channel’s settings ` +
        'under Permissions, and try again.',
    );
  }
  await channels.write(channel);
  return describe(channel, interaction.appPermissions, readsMessages);
}

/** The names, as Discord's client shows them, of permissions that the bot lacks for what is set. */
export function missingFor(
  channel: PromptChannel,
  permissions: Pick<PermissionsBitField, 'has'>,
): readonly string[] {
  const needed: [bigint, string][] = [
    [PermissionFlagsBits.ViewChannel, 'View Channel'],
    [PermissionFlagsBits.SendMessages, 'Send Messages'],
    [PermissionFlagsBits.ReadMessageHistory, 'Read Message History'],
  ];
  if (channel.prompts?.threads) {
    needed.push(
      [PermissionFlagsBits.CreatePublicThreads, 'Create Public Threads'],
      [PermissionFlagsBits.SendMessagesInThreads, 'Send Messages in Threads'],
    );
  }
  return needed.filter(([bit]) => !permissions.has(bit)).map(([, name]) => name);
}

function describe(
  channel: PromptChannel,
  permissions: Pick<PermissionsBitField, 'has'>,
  readsMessages: boolean,
): string {
  const { prompts, daily } = channel;
  if (!prompts && !daily) return 'Nothing is set for this channel. Begin with /scifi-channel on.';
  const lines: string[] = [];
  if (prompts) {
    const which = prompts.messages === 'every' ? 'Every message' : 'Every message that mentions me';
    lines.push(
      `${which} with at least ${prompts.leastCharacters} characters is a prompt, once in ` +
        `${prompts.cooldownSeconds} seconds for each person${prompts.threads ? ', with a thread for every story' : ''}.`,
    );
    if (prompts.messages === 'every' && !readsMessages) lines.push(NO_INTENT);
  } else lines.push('Messages are no prompts here.');
  if (daily) lines.push(`An opening line comes every day at ${daily.hour}:00, ${daily.timeZone}.`);
  const missing = missingFor(channel, permissions);
  if (missing.length > 0) lines.push(`I am missing ${list(missing)} in this channel.`);
  return lines.join('\n');
}

function list(names: readonly string[]): string {
  return new Intl.ListFormat('en', { type: 'conjunction' }).format(names);
}
