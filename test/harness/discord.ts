/**
 * The path from a user on Discord to a story, in one process: the fake Discord, the real discord.js, a real
 * queue, a real worker, and a fake generator that returns plausible words at once.
 */
import assert from 'node:assert/strict';
import { ApplicationFlags } from 'discord.js';
import { type RunningChat, startChat } from '../../src/bots/adapter.ts';
import type { ChatServices } from '../../src/bots/chat-context.ts';
import { DiscordAdapter } from '../../src/bots/discord/adapter.ts';
import { decodeButton, isOwn } from '../../src/bots/discord/buttons.ts';
import { readPart } from '../../src/bots/discord/message-format.ts';
import type { DiscordHandle, SurfaceTimes } from '../../src/bots/discord/surface.ts';
import { discordEscaping, joinParts } from '../../src/bots/text.ts';
import type { DiscordConfig } from '../../src/config.ts';
import { COMPONENTS_V2, type FakeContainer } from '../fakes/discord/components.ts';
import { FakeDiscord } from '../fakes/discord/fake-discord.ts';
import { Person } from '../fakes/discord/people.ts';
import type { FakeChannel, FakeInteraction, FakeMessage } from '../fakes/discord/world.ts';
import { PATIENCE_MS, until } from '../helpers/programs.ts';
import { type ChatHarness, type ChatHarnessOptions, openChat } from './chat.ts';

/** Discord's flag of messages that only the requester sees. */
export const EPHEMERAL = 1 << 6;
/**
 * An opening that nearly fills a message: its asterisks are escaped. A story of the greatest length that begins with it
 * has three messages.
 */
export const LONG_OPENING = `Long ago ${'*'.repeat(1_800)}`;
const ACKNOWLEDGE_MS = 180_000;
export const FOOTER =
  /-# .* · (?:calm|lively|wild|classic, temperature .*) · seed .* · written by a neural network$/;

type Discord = RunningChat<DiscordHandle>;
type DiscordOptions = Partial<ChatServices> & Partial<SurfaceTimes> & { readonly config?: DiscordConfig };

export interface DiscordHarness extends ChatHarness<Discord, DiscordOptions> {
  readonly discord: FakeDiscord;
  readonly channel: FakeChannel;
  readonly ann: Person;
}

/** @param readsMessages whether the application may read messages that do not mention it; it may not by default */
export async function openDiscord(
  options: DiscordOptions & ChatHarnessOptions & { readonly readsMessages?: boolean } = {},
): Promise<DiscordHarness> {
  const discord = await FakeDiscord.start();
  discord.world.flags = options.readsMessages ? ApplicationFlags.GatewayMessageContentLimited : 0;
  // Discord's limit of 3 s would make every test depend on the machine's load.
  discord.clocks.acknowledgeMs = ACKNOWLEDGE_MS;
  const channel = discord.world.addChannel();
  const ofFake = { token: discord.token, shards: 'auto', api: discord.api };
  const chat = await openChat<Discord, DiscordOptions>(
    options,
    (shared, more) => {
      const all = { ...shared, ...options, ...more };
      return startChat(() => DiscordAdapter.connect(all.config ?? ofFake, all), all);
    },
    () => discord.stop(),
  );
  return Object.assign(chat, { discord, channel, ann: new Person(discord, 'ann') });
}

/** The reply to an interaction once it has ended, in all its messages. */
export async function finished(
  interaction: FakeInteraction,
  timeoutMs = PATIENCE_MS,
): Promise<FakeMessage[]> {
  return until(() => endOf(interaction), 'the end of a story', timeoutMs);
}

/** The ephemeral reply to an interaction: its first message, or a later one where the queue was slow. */
export async function ephemeralReply(interaction: FakeInteraction): Promise<string> {
  const isSentence = (message: FakeMessage) => message.flags === EPHEMERAL && !message.thinking;
  const { content } = await until(
    () => [interaction.original ?? [], interaction.followUps].flat().find(isSentence),
    'an ephemeral reply',
  );
  return content;
}

/** Whether only the requester sees a message. */
export function isEphemeral({ flags }: FakeMessage): boolean {
  return (flags & EPHEMERAL) !== 0;
}

/** The bot's messages in a channel that are not deleted. */
export function botsMessages({ messages }: FakeChannel): FakeMessage[] {
  return [...messages.values()].filter(({ author, deleted }) => author.bot && !deleted);
}

/**
 * Fails unless a message is one box with the story, the small print, and then rows of buttons.
 *
 * @param flags that it has besides that of Components V2
 */
export function assertBoxed({ flags: all, layout }: FakeMessage, flags = 0): void {
  assert.equal(all, COMPONENTS_V2 | flags);
  const [box, ...more] = layout as [FakeContainer];
  assert.deepEqual([box.type, more], [17, []]);
  assert.match(box.components.map(({ type }) => type).join(), /^10,10(,1)+$/);
}

/** The messages of a reply that has ended: the buttons under the last message name the first. */
export function endOf({ original, channel }: FakeInteraction): FakeMessage[] | undefined {
  if (!original) return undefined;
  if (isOver(original)) return [original];
  const messages = [...channel.messages.values()].filter(({ author }) => author.bot);
  for (const last of messages) {
    const button = decodeButton(last.components[0]?.components[0]?.custom_id ?? '');
    if (!button || isOwn(button) || button.first !== original.id) continue;
    if (button.previous === original.id) return [original, last];
    return messages.slice(messages.indexOf(original), messages.indexOf(last) + 1);
  }
  return undefined;
}

/** Whether a message has the buttons of an ended story. */
export function isOver(message: FakeMessage): boolean {
  return labelsOf(message).includes('Another');
}

export function labelsOf({ components }: FakeMessage): string[] {
  return components.flatMap((row) => row.components.map(({ label }) => label));
}

/** The story text of the messages. */
export function textOf(messages: readonly FakeMessage[]): string {
  return joinParts(messages.map(({ content }) => readPart(content)));
}

/** The small print under a message, as users see it. */
export function smallPrintOf({ content }: FakeMessage): string {
  return discordEscaping.unescape(/-# (.*)$/.exec(content)?.[1] ?? '');
}
