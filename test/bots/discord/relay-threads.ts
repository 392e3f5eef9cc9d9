/** Relays on the fake Discord, as users see them. */
import assert from 'node:assert/strict';
import { discordEscaping } from '../../../src/bots/text.ts';
import type { FakeChannel, FakeMessage } from '../../fakes/discord/world.ts';
import { withoutTitles } from '../../harness/chat.ts';
import { type DiscordHarness, ephemeralReply, labelsOf, openDiscord } from '../../harness/discord.ts';
import { PATIENCE_MS, until } from '../../helpers/programs.ts';

const END_LABELS = ['Continue', 'My line', 'Delete'];

export async function withDiscord(
  use: (harness: DiscordHarness) => Promise<void>,
  options: Parameters<typeof openDiscord>[0] = {},
): Promise<void> {
  const harness = await openDiscord({ readsMessages: true, ...options });
  try {
    await use(harness);
  } finally {
    await harness.close();
  }
}

/** Starts a relay; returns the message above its thread, and the thread. */
export async function begun(
  harness: DiscordHarness,
  options: Record<string, unknown> = {},
): Promise<{ head: FakeMessage; thread: FakeChannel }> {
  const { ann, channel, discord, bot } = harness;
  // Lines of one user may follow each other at once.
  const prompts = { messages: 'mentions', cooldownSeconds: 0, leastCharacters: 1, threads: true } as const;
  await bot.channels.write({ channelId: channel.id, prompts });
  const known = new Set(channel.messages.keys());
  assert.match(
    await ephemeralReply(ann.slash(channel, 'scifi-relay', options)),
    /^The relay begins in the thread/,
  );
  const isHead = ({ id, content }: FakeMessage) => !known.has(id) && content.startsWith('**A relay**');
  const head = await until(() => [...channel.messages.values()].find(isHead), 'a relay', PATIENCE_MS);
  const thread = await until(() => discord.world.channels.get(head.id), 'its thread', PATIENCE_MS);
  await isRead(harness);
  return { head, thread };
}

/** Waits until the threads are read after they were opened: a message that is in there then gets no answer. */
export async function isRead({ dump }: DiscordHarness): Promise<void> {
  await until(async () => !/looked\W+0/.test(await dump()), 'the reading of the thread', PATIENCE_MS);
}

/** The bot's messages in a thread. */
export function botsIn(thread: FakeChannel): FakeMessage[] {
  return [...thread.messages.values()].filter(({ author, deleted }) => author.bot && !deleted);
}

/** The lines of the network in a thread, without their italics. */
export function linesIn(thread: FakeChannel): string[] {
  return botsIn(thread).flatMap(({ content }) => {
    const [, line] = /^\*(.*)\*(?:\n-# .*)?$/.exec(content) ?? [];
    return line === undefined ? [] : [discordEscaping.unescape(line)];
  });
}

export function answers(thread: FakeChannel, count: number): Promise<string[]> {
  const all = () => (linesIn(thread).length >= count ? linesIn(thread) : undefined);
  return until(all, `${count} lines of the computer`, PATIENCE_MS);
}

export function overIn(thread: FakeChannel): Promise<FakeMessage> {
  const isOver = (message: FakeMessage) => withoutTitles(labelsOf(message)).join() === END_LABELS.join();
  return until(() => botsIn(thread).find(isOver), 'the end', PATIENCE_MS);
}

/** Waits until the store has the line of the newest message. */
export async function stored({ dump }: DiscordHarness, text: string): Promise<void> {
  await until(async () => (await dump()).includes(text), `the line ${text}`, PATIENCE_MS);
}
