/** Whether a channel allows its settings: its kind, and the bot's permissions in it. Pure. */
import { type Channel, ChannelType, PermissionFlagsBits, type PermissionsBitField } from 'discord.js';
import type { PromptChannel } from '../prompt-channels.ts';

/** The properties of a channel that this check needs. */
export interface ChannelFacts {
  /** Undefined when it is not known: treated as a text channel. */
  readonly type?: ChannelType | undefined;
  readonly permissions: Pick<PermissionsBitField, 'has'>;
}

/** A channel as discord.js caches it; undefined when the bot's permissions in it are not known. */
export function factsOf(channel: Channel): ChannelFacts | undefined {
  const me = channel.isDMBased() ? null : channel.guild.members.me;
  const permissions = me && 'permissionsFor' in channel ? channel.permissionsFor(me) : null;
  return permissions ? { type: channel.type, permissions } : undefined;
}

const THREADS: readonly (ChannelType | undefined)[] = [
  ChannelType.AnnouncementThread,
  ChannelType.PublicThread,
  ChannelType.PrivateThread,
];
const VOICE: readonly (ChannelType | undefined)[] = [ChannelType.GuildVoice, ChannelType.GuildStageVoice];

/** Why a channel of this kind cannot have these settings, in a sentence; undefined when it can. */
export function impossibleIn(
  channel: PromptChannel,
  { type }: Pick<ChannelFacts, 'type'>,
): string | undefined {
  if (!channel.prompts?.threads) return undefined;
  const where = THREADS.includes(type) ? 'a thread' : VOICE.includes(type) ? 'a voice channel' : undefined;
  return where && `stories in ${where} cannot have threads of their own. Choose “threads: False” here.`;
}

/** The names, as Discord's client shows them, of the permissions that the settings need and the bot lacks. */
export function missingFor(channel: PromptChannel, { type, permissions }: ChannelFacts): readonly string[] {
  const needed: [bigint, string][] = [[PermissionFlagsBits.ViewChannel, 'View Channel']];
  // Without Connect, Discord denies every other permission in a voice channel.
  if (VOICE.includes(type)) needed.push([PermissionFlagsBits.Connect, 'Connect']);
  const inThreads: [bigint, string] = [PermissionFlagsBits.SendMessagesInThreads, 'Send Messages in Threads'];
  const isThread = THREADS.includes(type);
  needed.push(isThread ? inThreads : [PermissionFlagsBits.SendMessages, 'Send Messages'], [
    PermissionFlagsBits.ReadMessageHistory,
    'Read Message History',
  ]);
  if (channel.prompts?.threads && !isThread) {
    needed.push([PermissionFlagsBits.CreatePublicThreads, 'Create Public Threads'], inThreads);
  }
  return needed.filter(([bit]) => !permissions.has(bit)).map(([, name]) => name);
}

/** Why the bot cannot apply a channel's settings, in a sentence; undefined when it can. */
export function obstacleIn(channel: PromptChannel, facts: ChannelFacts): string | undefined {
  const impossible = impossibleIn(channel, facts);
  if (impossible) return `No story can be written here: ${impossible}`;
  const missing = missingFor(channel, facts);
  if (missing.length === 0) return undefined;
  const names = new Intl.ListFormat('en', { type: 'conjunction' }).format(missing);
  return `No story can be written here: I need ${names} in this channel.`;
}
