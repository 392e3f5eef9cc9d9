/** Stories with failures, each in its own channel, for tests. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FakeChannel, FakeMessage } from '../../fakes/slack/world.ts';
import {
  FOOTER,
  finished,
  isOver,
  labelsOf,
  openSlack,
  type SlackHarness,
  smallPrintOf,
  textOf,
} from '../../harness/slack.ts';
import { until } from '../../helpers/programs.ts';

/** At the set-up's pace: two and a half seconds. */
const LENGTH = 1_200;
/** A duplicate would be visible by then. */
const AFTERWARDS_MS = 500;

/** A set-up whose stories are streams, and have no call budget. */
export function openStreaming(): Promise<SlackHarness> {
  return openSlack({ settings: () => ({ reply: 'stream' }), allowance: 20 });
}

/** Requests a story in its own channel. */
export function ask(harness: SlackHarness, prompt: string): FakeChannel {
  const channel = harness.channelOf();
  harness.ann.slash(channel, '/scifi', `${prompt} length=${LENGTH}`);
  return channel;
}

/** Requests a story in its own channel, and waits until it grows. */
export async function streaming(
  harness: SlackHarness,
  prompt: string,
): Promise<{ readonly channel: FakeChannel; readonly message: FakeMessage }> {
  const channel = ask(harness, prompt);
  const message = await until(() => beneath(channel)[0], 'a stream');
  return { channel, message };
}

/** The messages in threads of a channel. */
export function beneath({ messages }: FakeChannel): FakeMessage[] {
  return [...messages.values()].filter(({ threadTs, isDeleted }) => threadTs !== undefined && !isDeleted);
}

/**
 * Checks that the story is whole, in one message, and that a moment later no other message is unfinished or
 * can be stopped.
 */
export async function endsOnce(
  channel: FakeChannel,
  prompt: string,
  isNoneToStop = true,
): Promise<FakeMessage> {
  const message = await finished(channel);
  const isToStop = (other: FakeMessage) => labelsOf(other).includes('Stop');
  if (isNoneToStop)
    await until(() => ![...channel.messages.values()].some(isToStop), 'nothing to be left to stop');
  await sleep(AFTERWARDS_MS);
  const story = textOf(message);
  assert.ok(
    story.startsWith(prompt) && story.length > LENGTH * 0.8,
    `${story.length}: ${story.slice(0, 60)}`,
  );
  assert.match(
    story.slice(prompt.length),
    /^( [a-zA-Z]+\.?)+$/,
    'nothing is twice in it, and nothing is missing',
  );
  assert.match(smallPrintOf(message), FOOTER);
  const all = [...channel.messages.values()].filter(({ isDeleted }) => !isDeleted);
  assert.equal(all.filter(isOver).length, 1);
  for (const other of all) assert.equal(other.streamingSince, undefined, 'no stream is left open');
  return message;
}
