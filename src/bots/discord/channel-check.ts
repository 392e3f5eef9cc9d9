/** Whether a channel allows what is set for it: its kind, and what the bot may do there. Pure. */
import { ChannelType, PermissionFlagsBits, type PermissionsBitField } from 'discord.js';
import type { PromptChannel } from '../prompt-channels.ts';

/** A channel as far as it matters here. */
export interface ChannelFacts {
  /** Undefined where it is not known: a text channel then. */
  readonly type?: ChannelType | undefined;
  readonly permissions: Pick<PermissionsBitField, 'has'>;
}

const THREADS: readonly (ChannelType | undefined)[] = [
  ChannelType.AnnouncementThread,
  ChannelType.PublicThread,
  ChannelType.PrivateThread,
];
const VOICE: readonly (ChannelType | undefined)[] = [ChannelType.GuildVoice, ChannelType.GuildStageVoice];

/** Why a channel of this kind cannot have what is set for it, in a sentence; undefined where it can. */
export function impossibleIn(
  channel: PromptChannel,
  { type }: Pick<ChannelFacts, 'type'>,
): string | undefined {
  if (!channel.prompts?.threads) return undefined;
  const where = THREADS.includes(type) ? 'a thread' : VOICE.includes(type) ? 'a voice channel' : undefined;
  return where && `stories in ${where} cannot have threads of their own. Choose “threads: False” here.`;
}

/** The names, as Discord's client shows them, of permissions that the bot lacks for what is set. */
export function missingFor(channel: PromptChannel, { type, permissions }: ChannelFacts): readonly string[] {
  const needed: [bigint, string][] = [[PermissionFlagsBits.ViewChannel, 'View Channel']];
  // Without it Discord denies everything else there, too.
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

/** What keeps the bot from doing in a channel what is set for it, in a sentence; undefined where nothing does. */
export function obstacleIn(channel: PromptChannel, facts: ChannelFacts): string | undefined {
  const impossible = impossibleIn(channel, facts);
  if (impossible) return `No story can be written here: ${impossible}`;
  const missing = missingFor(channel, facts);
  if (missing.length === 0) return undefined;
  const names = new Intl.ListFormat('en', { type: 'conjunction' }).format(missing);
  return `No story can be written here: I need ${names} in this channel.`;
}
