/**
 * Many users in one Slack workspace: each asks for one story. The bots are a real process; a storyteller
 * without a delay makes Slack's limits the measured part.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Storyteller } from '../../src/generator/storyteller.ts';
import { undisturbedText } from '../fakes/fake-storyteller.ts';
import { FakeSlack } from '../fakes/slack/fake-slack.ts';
import { Person } from '../fakes/slack/people.ts';
import type { FakeMessage } from '../fakes/slack/world.ts';
import { FOOTER, isOver, smallPrintOf, textOf } from '../harness/slack.ts';
import { NO_LIMITS_SET } from '../helpers/limits.ts';
import { startRole } from '../helpers/processes.ts';
import { startRedis } from '../helpers/programs.ts';
import { presetFor, sampleMemory, startGenerator } from './crowd.ts';

/** Lengths that users ask for. */
const LENGTHS = [300, 600, 1_200, 2_400];
const CHANNELS_PER_PERSON = 0.1;
const SAMPLE_MS = 2_500;
const POLL_MS = 100;
/** Every fault shows within this time. */
const DRAIN_MAX_MS = 240_000;

export interface CrowdOptions {
  /** Characters per second. */
  readonly pace: number;
  /** Called when the bots are ready. */
  readonly prepare?: (slack: FakeSlack) => void;
}

export interface CrowdReport {
  readonly stories: number;
  readonly slowestAcknowledgementMs: number;
  /** From the last command to the end of the last story. */
  readonly drainMs: number;
  /** Slack's complaints, by method. */
  readonly tooMany: Readonly<Record<string, number>>;
  /** Messages that showed a growing story. */
  readonly growing: number;
  readonly updates: number;
  /** Samples of the resident memory of the bots' process in MiB. */
  readonly memory: readonly number[];
}

/** Lets `people` ask for one story each, over `seconds`. */
export async function crowd(people: number, seconds: number, options: CrowdOptions): Promise<CrowdReport> {
  const slack = await FakeSlack.start();
  const redis = await startRedis();
  const generator = await startGenerator(redis.url);
  const channels = Array.from({ length: Math.ceil(people * CHANNELS_PER_PERSON) }, (_, index) =>
    slack.world.addChannel(slack.workspace, { name: `stories-${index}` }),
  );
  const bots = await startRole('bots', {
    REDIS_URL: redis.url,
    SCIFI_PORT: '0',
    ...NO_LIMITS_SET,
    SCIFI_PACE: String(options.pace),
    // V8 delays garbage collection while there is room; with little room, growth is a leak.
    NODE_OPTIONS: '--max-semi-space-size=4 --max-old-space-size=192',
    SLACK_BOT_TOKEN: slack.workspace.token,
    SLACK_APP_TOKEN: slack.world.appToken,
    SLACK_API: slack.api,
  });
  options.prepare?.(slack);
  const { memory, stop: stopSampling } = sampleMemory(bots.pid, SAMPLE_MS);
  try {
    const deliveries = await Promise.all(
      Array.from({ length: people }, async (_, index) => {
        await sleep((index / people) * seconds * 1_000);
        const person = new Person(slack, `person-${index}`);
        const text = `Story ${index} preset=${presetFor(index)} length=${lengthOf(index)} seed=${index}`;
        return person.slash(channels[index % channels.length]!, '/scifi', text);
      }),
    );
    const askedAt = performance.now();
    const shown = () => channels.flatMap(({ messages }) => [...messages.values()]);
    while (shown().filter(isOver).length < people && performance.now() - askedAt < DRAIN_MAX_MS)
      await sleep(POLL_MS);
    const drainMs = Math.round(performance.now() - askedAt);
    // A duplicate shows a moment later.
    await sleep(1_000);
    const messages = shown();
    await check(people, messages, generator.storyteller);
    assert.doesNotMatch(bots.output(), /unhandled|"level":50/i);
    const acknowledgements = deliveries.map(({ createdAt, acknowledgedAt }) => {
      assert.ok(acknowledgedAt !== undefined, 'every command is acknowledged');
      return acknowledgedAt - createdAt;
    });
    return {
      stories: messages.length,
      slowestAcknowledgementMs: Math.max(...acknowledgements),
      drainMs,
      tooMany: tooManyOf(slack),
      growing: messages.filter(({ history }) => history.length > 1).length,
      updates: messages.reduce((sum, { history }) => sum + history.length - 1, 0),
      memory,
    };
  } finally {
    stopSampling();
    await bots.kill();
    await generator.close();
    await redis.stop();
    await slack.stop();
  }
}

function lengthOf(index: number): number {
  return LENGTHS[index % LENGTHS.length]!;
}

/** Every story is complete and occurs once, and there are no other messages. */
async function check(
  people: number,
  messages: readonly FakeMessage[],
  storyteller: Storyteller,
): Promise<void> {
  const told = new Set<string>();
  for (const message of messages) {
    const story = textOf(message);
    const [, index] = /^Story (\d+) /.exec(story) ?? [];
    assert.ok(index !== undefined && !told.has(index), `a message of nobody's: ${story.slice(0, 40)}`);
    told.add(index);
    assert.ok(isOver(message), `a story without an end: ${story.slice(0, 40)}`);
    assert.match(smallPrintOf(message), FOOTER);
    assert.equal(
      story,
      await undisturbedText(
        storyteller,
        `Story ${index}`,
        lengthOf(Number(index)),
        Number(index),
        presetFor(Number(index)),
      ),
    );
    // The text never shrank.
    for (const [at, seen] of message.history.slice(1).entries()) {
      const before = textOf(message.history[at]!);
      assert.ok(textOf(seen).startsWith(before), 'a story that shrank');
    }
  }
  assert.equal(told.size, people);
}

function tooManyOf({ log }: FakeSlack): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { method, outcome } of log) {
    if (outcome === 'ratelimited') counts[method] = (counts[method] ?? 0) + 1;
  }
  return counts;
}
