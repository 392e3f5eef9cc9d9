/** Stories in trouble, each in a channel of its own, as tests look at them. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FakeChannel, FakeMessage } from '../../fakes/slack/world.ts';
import { until } from '../../helpers/programs.ts';
import { FOOTER, finished, type House, isOver, labelsOf, openHouse, smallPrintOf, textOf } from './house.ts';

/** At the house's pace: two seconds and a half. */
const LENGTH = 1_200;
/** Whatever would be doubled shows by then. */
const AFTERWARDS_MS = 500;

export interface Streaming {
  readonly channel: FakeChannel;
  /** What stands above the stream, with the button that stops it. */
  readonly root: FakeMessage;
  readonly message: FakeMessage;
}

/** A house whose stories are streams, and wait for no budget. */
export function openStreamingHouse(): Promise<House> {
  return openHouse({ settings: () => ({ reply: 'stream' }), allowance: 20 });
}

/** Asks for a story in a channel of its own. */
export function ask(house: House, prompt: string): FakeChannel {
  const channel = house.channelOf();
  house.ann.slash(channel, '/scifi', `${prompt} length=${LENGTH}`);
  return channel;
}

/** Asks for a story in a channel of its own, which grows. */
export async function streaming(house: House, prompt: string): Promise<Streaming> {
  const channel = ask(house, prompt);
  const message = await until(() => beneath(channel)[0], 'a stream', 60_000);
  return { channel, message, root: channel.messages.get(message.threadTs!)! };
}

/** What stands in threads of a channel. */
export function beneath({ messages }: FakeChannel): FakeMessage[] {
  return [...messages.values()].filter(({ threadTs, isDeleted }) => threadTs !== undefined && !isDeleted);
}

/** The story is whole, in one message, and a moment later there is nothing else that is not over, or can be stopped. */
export async function endsOnce(
  channel: FakeChannel,
  prompt: string,
  isNoneToStop = true,
): Promise<FakeMessage> {
  const message = await finished(channel, undefined, 60_000);
  const isToStop = (other: FakeMessage) => labelsOf(other).includes('Stop');
  if (isNoneToStop)
    await until(() => ![...channel.messages.values()].some(isToStop), 'nothing to be left to stop', 20_000);
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
