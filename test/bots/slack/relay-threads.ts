/** Relays on the fake Slack, as users see them. */
import assert from 'node:assert/strict';
import { type FakeMessage, wordsOf } from '../../fakes/slack/world.ts';
import { withoutTitles } from '../../harness/chat.ts';
import { botsMessages, labelsOf, openSlack, type SlackHarness, smallPrintOf } from '../../harness/slack.ts';
import { PATIENCE_MS, until } from '../../helpers/programs.ts';

const END_LABELS = ['Continue', 'My line', 'Delete'];

export async function withSlack(
  use: (harness: SlackHarness) => Promise<void>,
  options: Parameters<typeof openSlack>[0] = {},
): Promise<void> {
  const harness = await openSlack(options);
  try {
    await use(harness);
  } finally {
    await harness.close();
  }
}

/** Starts a relay; returns the message above its thread. */
export async function begun(harness: SlackHarness, text: string): Promise<FakeMessage> {
  const { ann, channel, slack, bot } = harness;
  // Lines of one user may follow each other at once.
  const prompts = { messages: 'mentions', cooldownSeconds: 0, leastCharacters: 1, threads: true } as const;
  await bot.channels.write({ channelId: `${slack.workspace.id}-${channel.id}`, prompts });
  const known = new Set(botsMessages(channel));
  assert.match(await harness.command(ann, channel, '/scifi-relay', text), /^The relay begins in the thread/);
  const isNew = (one: FakeMessage) => !known.has(one);
  const head = await until(() => botsMessages(channel).find(isNew), 'a relay', PATIENCE_MS);
  // A message that is in the thread when it is read after the beginning gets no answer.
  const isRead = async () => !/looked\W+0/.test(await harness.dump());
  await until(isRead, 'the reading of the thread', PATIENCE_MS);
  return head;
}

/** The lines of the network in a thread. */
export function linesIn({ channel, ts }: FakeMessage): string[] {
  return botsMessages(channel, ts)
    .filter((one) => !one.isDeleted && smallPrintOf(one).startsWith('The computer'))
    .map(({ blocks }) => wordsOf(blocks, 'section'));
}

export function answers(head: FakeMessage, count: number): Promise<string[]> {
  const all = () => (linesIn(head).length >= count ? linesIn(head) : undefined);
  return until(all, `${count} lines of the computer`, PATIENCE_MS);
}

export function overIn({ channel, ts }: FakeMessage): Promise<FakeMessage> {
  const isOver = (message: FakeMessage) => withoutTitles(labelsOf(message)).join() === END_LABELS.join();
  return until(() => botsMessages(channel, ts).find(isOver), 'the end', PATIENCE_MS);
}

export async function stored({ dump }: SlackHarness, text: string): Promise<void> {
  await until(async () => (await dump()).includes(text), `the line ${text}`, PATIENCE_MS);
}
