/**
 * Many users on Discord: each asks for a story, reads it, and asks for the next. The bots are a real process;
 * a storyteller without a delay makes Discord the measured part.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Storyteller } from '../../src/generator/storyteller.ts';
import { FakeDiscord } from '../fakes/discord/fake-discord.ts';
import { Person } from '../fakes/discord/people.ts';
import type { FakeChannel, FakeInteraction, FakeMessage } from '../fakes/discord/world.ts';
import { undisturbedText } from '../fakes/fake-storyteller.ts';
import { endOf, FOOTER, textOf } from '../harness/discord.ts';
import { NO_LIMITS_SET } from '../helpers/limits.ts';
import { startRole } from '../helpers/processes.ts';
import { startRedis } from '../helpers/programs.ts';
import { presetFor, sampleMemory, startGenerator } from './crowd.ts';

/** Lengths that users ask for; the longest is of two messages. */
const LENGTHS = [300, 600, 1_200, 2_400];
/** The longest story takes eight seconds. */
const PACE = 300;
const CHANNELS_PER_PERSON = 0.2;
const STORY_TIMEOUT_MS = 180_000;
const SAMPLE_MS = 5_000;
const POLL_MS = 100;
/** Pause before a user without a story asks again. */
const HOPELESS_MS = 2_000;
/** An interaction that is not acknowledged in this time never will be. */
const UNHEARD_MS = 8_000;
/** Stories end shortly before the last call to Discord. */
const AFTERWARDS_MS = 1_500;

export interface CrowdReport {
  /** Stories that were acknowledged, and ended. */
  readonly stories: number;
  readonly asked: number;
  readonly slowestAcknowledgementMs: number;
  readonly tooMany: number;
  readonly invalid: number;
  readonly edits: number;
  /** Samples of the resident memory of the bots' process in MiB. */
  readonly memory: readonly number[];
}

export interface CrowdOptions {
  /** Called when the bots are ready. */
  readonly prepare?: (discord: FakeDiscord) => void;
  /** Whether no story can be written: then users do not wait for one, and ask again. */
  readonly isHopeless?: boolean;
}

/** Lets `people` ask for stories for `seconds`. */
export async function crowd(
  people: number,
  seconds: number,
  { prepare, isHopeless = false }: CrowdOptions = {},
): Promise<CrowdReport> {
  const discord = await FakeDiscord.start();
  const redis = await startRedis();
  const generator = await startGenerator(redis.url);
  const channels = Array.from({ length: Math.ceil(people * CHANNELS_PER_PERSON) }, () =>
    discord.world.addChannel(),
  );
  const bots = await startRole('bots', {
    REDIS_URL: redis.url,
    SCIFI_PORT: '0',
    ...NO_LIMITS_SET,
    SCIFI_PACE: String(PACE),
    // V8 delays garbage collection while there is room; with little room, growth is a leak.
    NODE_OPTIONS: '--max-semi-space-size=4 --max-old-space-size=192',
    DISCORD_TOKEN: discord.token,
    DISCORD_API: discord.api,
  });
  prepare?.(discord);
  const asked: FakeInteraction[] = [];
  const { memory, stop: stopSampling } = sampleMemory(bots.pid, SAMPLE_MS);
  try {
    const until = performance.now() + seconds * 1_000;
    const live = async (index: number) => {
      const person = new Person(discord, `person-${index}`);
      await sleep((index / people) * 1_000);
      for (let turn = 0; performance.now() < until; turn++) {
        const options = {
          prompt: `Story ${turn} of ${index}`,
          preset: presetFor(index),
          length: lengthOf(turn, index),
          seed: index,
        };
        const interaction = person.slash(channels[index % channels.length]!, 'scifi', options);
        asked.push(interaction);
        await (isHopeless ? sleep(HOPELESS_MS) : theEnd(interaction));
      }
    };
    await Promise.all(Array.from({ length: people }, (_, index) => live(index)));
    await sleep(AFTERWARDS_MS);
    if (!isHopeless) await check(asked, channels, generator.storyteller);
    assert.doesNotMatch(bots.output(), isHopeless ? /unhandled/i : /unhandled|"level":50/i);
    const acknowledgements = asked.flatMap(({ acknowledgedAt, createdAt }) =>
      acknowledgedAt ? acknowledgedAt - createdAt : [],
    );
    return {
      stories: asked.filter(({ acknowledgedAt }) => acknowledgedAt).length,
      asked: asked.length,
      slowestAcknowledgementMs: Math.max(0, ...acknowledgements),
      tooMany: discord.count(429),
      invalid: discord.count('invalid'),
      edits: discord.log.filter(({ method }) => method === 'PATCH').length,
      memory,
    };
  } finally {
    stopSampling();
    await bots.kill();
    await generator.close();
    await redis.stop();
    await discord.stop();
  }
}

/** Waits until a story is over, or was never acknowledged. */
async function theEnd(interaction: FakeInteraction): Promise<void> {
  const deadline = performance.now() + STORY_TIMEOUT_MS;
  while (performance.now() < deadline) {
    await sleep(POLL_MS);
    if (endOf(interaction)) return;
    const isUnheard = interaction.acknowledgedAt === undefined;
    if (isUnheard && Date.now() - interaction.createdAt > UNHEARD_MS) return;
  }
  throw new Error(`A story did not end: ${interaction.original?.content}`);
}

function lengthOf(turn: number, index: number): number {
  return LENGTHS[(index + turn) % LENGTHS.length]!;
}

/** Every story is complete and occurs once, and there are no other messages. */
async function check(
  asked: readonly FakeInteraction[],
  channels: readonly FakeChannel[],
  storyteller: Storyteller,
): Promise<void> {
  const belonging = new Set<FakeMessage>();
  for (const interaction of asked) {
    if (interaction.acknowledgedAt === undefined) continue;
    const messages = endOf(interaction)!;
    const story = textOf(messages);
    const [prompt, turn, index] = /^Story (\d+) of (\d+)(?= )/.exec(story) ?? [];
    assert.ok(prompt !== undefined, messages.at(-1)!.content);
    const length = lengthOf(Number(turn), Number(index));
    assert.equal(
      story,
      await undisturbedText(storyteller, prompt, length, Number(index), presetFor(Number(index))),
    );
    assert.match(messages.at(-1)!.content, FOOTER);
    for (const message of messages) belonging.add(message);
  }
  for (const channel of channels) {
    for (const message of channel.messages.values()) {
      assert.ok(belonging.has(message), `a message of nobody's: ${message.content}`);
    }
  }
}
