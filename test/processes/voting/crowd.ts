/**
 * Many channels of Discord that vote at once: in each, people vote and change their minds for some time. The bots are a real
 * process; a storyteller without a delay makes Discord the measured part.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { openConnection } from '../../../src/queue/open.ts';
import type { VoteRecord } from '../../../src/queue/votes/records.ts';
import { CHOICES } from '../../../src/story/continuations.ts';
import { FakeDiscord } from '../../fakes/discord/fake-discord.ts';
import { NO_LIMITS_SET } from '../../helpers/limits.ts';
import { startRole } from '../../helpers/processes.ts';
import { startRedis, until } from '../../helpers/programs.ts';
import { sampleMemory, startGenerator } from '../crowd.ts';
import { Ballots, checkVote, latenessOf } from './ballots.ts';
import { discordSite } from './discord.ts';
import type { SeenVote } from './site.ts';

const ROUNDS = 20;
const SECONDS = 15;
/** Between two presses of one person, at most. */
const PAUSE_MS = 10_000;
/** The votes start within the time of a round. */
const START_MS = SECONDS * 1_000;
const SAMPLE_MS = 2_500;
/** Between two attempts to end the votes. */
const END_AGAIN_MS = 2_000;
const TIMEOUT_MS = 90_000;

export interface VoteCrowdReport {
  readonly rounds: number;
  /** The times of all acknowledgements of presses, in ms, in order. */
  readonly acknowledgedMs: readonly number[];
  readonly unheard: number;
  /** By how much each round ended late, in ms, in order. */
  readonly lateMs: readonly number[];
  readonly tooMany: number;
  readonly invalid: number;
  readonly edits: number;
  /** Samples of the resident memory of the bots' process, in MiB. */
  readonly memory: readonly number[];
}

/**
 * Lets `people` vote in each of `channels` for `seconds`.
 *
 * @param random numbers from 0 to 1
 */
export async function voteCrowd(
  channels: number,
  people: number,
  seconds: number,
  random: () => number,
): Promise<VoteCrowdReport> {
  const discord = await FakeDiscord.start();
  const redis = await startRedis();
  const generator = await startGenerator(redis.url);
  const bots = await startRole('bots', {
    REDIS_URL: redis.url,
    SCIFI_PORT: '0',
    ...NO_LIMITS_SET,
    SCIFI_TOGETHER_COMMUNITY: '0',
    // V8 delays garbage collection while there is room; with little room, growth is a leak.
    NODE_OPTIONS: '--max-semi-space-size=4 --max-old-space-size=192',
    DISCORD_TOKEN: discord.token,
    DISCORD_API: discord.api,
  });
  await until(() => discord.gateway.listeners > 0, 'the connection', TIMEOUT_MS);
  const { memory, stop: stopSampling } = sampleMemory(bots.pid, SAMPLE_MS);
  try {
    const stopAt = performance.now() + seconds * 1_000;
    const held = await Promise.all(
      Array.from({ length: channels }, async () => {
        const site = await discordSite(people, discord);
        await sleep(random() * START_MS);
        const vote = await site.start(ROUNDS, SECONDS);
        const ballots = new Ballots();
        const live = async (person: number) => {
          for (;;) {
            await sleep(random() * PAUSE_MS);
            if (performance.now() > stopAt) return;
            const cast = await vote.press(person, Math.floor(random() * CHOICES), TIMEOUT_MS);
            if (cast) ballots.note(String(person), cast);
          }
        };
        await Promise.all(Array.from({ length: people }, (_, person) => live(person)));
        return { vote, ballots };
      }),
    );
    const samples = [...memory];
    const endAt = Date.now();
    const unended = () => held.filter(({ vote }) => !vote.isOver());
    for (const deadline = performance.now() + TIMEOUT_MS; unended().length > 0; await sleep(END_AGAIN_MS)) {
      assert.ok(performance.now() < deadline, 'every vote ends');
      for (const { vote } of unended()) vote.control('The end');
    }
    const all = held.flatMap(({ ballots }) => ballots.all());
    const seen = held.map(({ vote }) => vote.states().filter(({ at }) => at < endAt));
    const late = seen.flatMap((states) => latenessOf(states, new Set()));
    return {
      rounds: await countExactly(redis.url, held),
      acknowledgedMs: all
        .flatMap(({ acknowledgedMs = [] }) => acknowledgedMs)
        .sort((one, other) => one - other),
      unheard: all.filter((cast) => cast.fate() === 'unheard').length,
      lateMs: late.sort((one, other) => one - other),
      tooMany: discord.count(429),
      invalid: discord.count('invalid'),
      edits: discord.log.filter(({ method }) => method === 'PATCH').length,
      memory: samples,
    };
  } finally {
    stopSampling();
    await bots.kill();
    await generator.close();
    await redis.stop();
    await discord.stop();
  }
}

/** Fails unless each of the votes was counted as people voted. Returns the rounds of all of them. */
async function countExactly(
  redisUrl: string,
  held: readonly { readonly vote: SeenVote; readonly ballots: Ballots }[],
): Promise<number> {
  const connection = await openConnection(
    { redisUrl, dataFolder: '', prefix: 'scifi' },
    pino({ level: 'silent' }),
  );
  try {
    const store = await connection.votes();
    const ids = await store.list(Number.MAX_SAFE_INTEGER);
    assert.equal(ids.length, held.length);
    let rounds = 0;
    for (const id of ids) {
      const { address, vote } = (await store.read<VoteRecord<{ channelId: string }>>(id))!.record;
      const one = held.find((candidate) => candidate.vote.channelId === address.channelId);
      rounds += checkVote(vote, one!.ballots);
    }
    return rounds;
  } finally {
    await connection.close();
  }
}
