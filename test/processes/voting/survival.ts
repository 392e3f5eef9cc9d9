/**
 * Votes under `kill -9`: real processes of bots and a worker on Redis, or one process with its embedded queue, killed at
 * random moments while people vote and the host closes rounds. Every round is counted once, with every vote that was
 * acknowledged, and its winner joins the story once.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { openConnection } from '../../../src/queue/open.ts';
import type { VoteRecord } from '../../../src/queue/votes/records.ts';
import { CHOICES } from '../../../src/story/continuations.ts';
import type { Vote } from '../../../src/story/vote.ts';
import { embeddedFolder } from '../../helpers/embedded-folder.ts';
import { NO_LIMITS_SET } from '../../helpers/limits.ts';
import { type Role, type RoleProcess, startRole } from '../../helpers/processes.ts';
import { startRedis, until } from '../../helpers/programs.ts';
import { Ballots, checkVote, latenessOf } from './ballots.ts';
import type { SeenVote, VoteSite } from './site.ts';

const PEOPLE = 6;
/** More than a vote has time for: the host ends it. */
const ROUNDS = 20;
const SECONDS = 15;
/** Kills during one vote. */
const KILLS_OF_A_VOTE = 10;
const KILL_WINDOW_MS = 4_000;
const TIMEOUT_MS = 90_000;
/** Both platforms give an app three seconds. */
const UNHEARD_MS = 3_500;
const BETWEEN_PRESSES_MS = 150;
/** The share of turns in which the host closes a round early; in every second vote rounds end by their time. */
const CLOSING = 0.1;

export interface VoteSurvival {
  readonly votes: number;
  /** Rounds that ended; each was counted right, once. */
  readonly rounds: number;
  /** Presses that were acknowledged in time to count. */
  readonly counted: number;
  /** Presses without an answer. */
  readonly unheard: number;
  /** The longest time by which a round ended late, restarts included. */
  readonly latestMs: number;
}

export interface VoteKills {
  readonly kills: number;
  readonly random: () => number;
  readonly backend: 'redis' | 'embedded';
}

interface Held {
  readonly vote: SeenVote;
  readonly ballots: Ballots;
  /** Rounds that the host closed, or tried to. */
  readonly closed: Set<number>;
}

export async function surviveVotes(
  openSite: (people: number) => Promise<VoteSite>,
  { kills, random, backend }: VoteKills,
): Promise<VoteSurvival> {
  const site = await openSite(PEOPLE);
  const redis = backend === 'redis' ? await startRedis() : undefined;
  const { folder, remove } = await embeddedFolder();
  const env = {
    REDIS_URL: redis?.url ?? '',
    SCIFI_DATA: folder,
    SCIFI_PORT: '0',
    ...NO_LIMITS_SET,
    ...site.env,
  };
  const roles: readonly Role[] = redis ? ['worker', 'bots'] : ['start'];
  const running = new Map<Role, RoleProcess>();
  const startAll = async (victims: readonly Role[]) => {
    await Promise.all(victims.map(async (role) => running.set(role, await startRole(role, env))));
    // A process is ready before it is connected to the platform.
    await until(() => site.isConnected(), 'the connection', TIMEOUT_MS);
  };
  const killAll = async (victims: readonly Role[]) => {
    await Promise.all(victims.map((role) => running.get(role)!.kill()));
    site.cut();
  };
  const held: Held[] = [];
  try {
    await startAll(roles);
    for (let left = kills; left > 0; left -= KILLS_OF_A_VOTE) {
      const one = {
        vote: await site.start(ROUNDS, SECONDS),
        ballots: new Ballots(),
        closed: new Set<number>(),
      };
      held.push(one);
      const ended = new AbortController();
      const closing = held.length % 2 === 1 ? CLOSING : 0;
      const voting = takePart(one, closing, random, ended.signal);
      for (let kill = 0; kill < Math.min(left, KILLS_OF_A_VOTE); kill++) {
        await sleep(random() * KILL_WINDOW_MS);
        const victims = redis && kill % 2 === 0 ? (['bots'] as const) : roles;
        await killAll(victims);
        await startAll(victims);
      }
      await finish(one);
      ended.abort();
      await voting;
    }
    for (const { vote } of held) assert.equal(vote.messages(), 1, 'one message shows a vote');
    for (const role of running.values()) await role.kill();
    const votes = await recorded({ redisUrl: redis?.url, dataFolder: folder, prefix: 'scifi' });
    assert.equal(votes.length, held.length);
    const rounds = votes.map((vote, index) => checkVote(vote, held[index]!.ballots));
    const late = held.flatMap(({ vote, closed }) => latenessOf(vote.states(), closed));
    const count = (fate: 'counted' | 'unheard') =>
      held.reduce((sum, { ballots }) => sum + ballots.count(fate), 0);
    return {
      votes: votes.length,
      rounds: rounds.reduce((sum, one) => sum + one, 0),
      counted: count('counted'),
      unheard: count('unheard'),
      latestMs: Math.max(0, ...late),
    };
  } finally {
    for (const role of running.values()) await role.kill();
    await redis?.stop();
    await remove();
    await site.stop();
  }
}

/** People vote, and change their minds, and the host closes a round now and then, until the vote is over. */
async function takePart(
  { vote, ballots, closed }: Held,
  closing: number,
  random: () => number,
  signal: AbortSignal,
): Promise<void> {
  const close = () => {
    const round = vote.openRound();
    if (round === undefined) return;
    closed.add(round);
    vote.control('Close this round');
  };
  const live = async (person: number) => {
    while (!signal.aborted && !vote.isOver()) {
      if (person === 0 && random() < closing) close();
      const cast = await vote.press(person, Math.floor(random() * CHOICES), UNHEARD_MS);
      if (cast) ballots.note(String(person), cast);
      await sleep(BETWEEN_PRESSES_MS);
    }
  };
  await Promise.all(Array.from({ length: PEOPLE }, (_, person) => live(person)));
}

/** The host ends the vote, and presses again until it is over. */
async function finish({ vote, closed }: Held): Promise<void> {
  await until(
    async () => {
      const round = vote.openRound();
      if (round !== undefined) closed.add(round);
      vote.control('The end');
      await sleep(500);
      return vote.isOver();
    },
    'the end',
    TIMEOUT_MS,
  );
}

/** The votes in the store, which took place one after the other. Unless on Redis, no process may use it. */
async function recorded(settings: Parameters<typeof openConnection>[0]): Promise<Vote[]> {
  const connection = await openConnection(settings, pino({ level: 'silent' }));
  try {
    const store = await connection.votes();
    const ids = await store.list(Number.MAX_SAFE_INTEGER);
    const read = ids.map(async (id) => (await store.read<VoteRecord<unknown>>(id))!.record.vote);
    return await Promise.all(read);
  } finally {
    await connection.close();
  }
}
