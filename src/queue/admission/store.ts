/**
 * Where limits are counted, on the same store as the queues: its interface, which `redis/limits.ts` and
 * `embedded/limits.ts` implement; the names under which users and communities are counted; their hours; and
 * how long to wait for its answers. No key holds a user's id.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { Queue } from 'bullmq';
import { RateLimiterRes, type RateLimiterStoreAbstract } from 'rate-limiter-flexible';
import { StoryError } from '../../errors.ts';
import { sentences } from './settings.ts';

const DAY_MS = 24 * 3_600_000;
const SALT_BYTES = 32;
/** How long a salt is cached: a store that lost its data has another one. */
const KNOWN_MS = 60_000;
/**
 * Salts are jobs of a queue without a worker, as settings are: the first process that adds a day's job
 * determines the salt.
 */
const SALTS_QUEUE = 'salts';
const ID_PREFIX = 'day-';

/** The part of a queue connection that salts need. */
interface QueueOpener {
  queue<Data, Result>(name: string): Queue<Data, Result>;
}

interface Salt {
  readonly salt: string;
}

/**
 * The user for whom a story is requested. The ids are the platforms' own: they are used for counting, and
 * never stored here.
 */
export interface Requester {
  /** Such as `discord:<user>`, `slack:<workspace>:<user>` or `web:<address>`. */
  readonly person: string;
  /** The server or workspace of the request, such as `discord:<server>`; undefined where there is none. */
  readonly community?: string;
}

/** What an admitted reply holds of its limits and gives back at its end; stored with its job. */
export interface Lease {
  /** Keys of the requester's and the community's stories under way. */
  readonly person: readonly string[];
  readonly community: readonly string[];
}

export interface LimitStore {
  /**
   * A limiter that allows a key `most` uses within an hour, which begins with the first use. All of these
   * limiters share their counts: a key can be checked with several bounds.
   */
  hourly(most: number): RateLimiterStoreAbstract;
  readonly underWay: UnderWay;
  /**
   * Whether the store is certainly running, so that a late answer still comes. Undefined where only its
   * answers show that, as with a remote server.
   */
  readonly isRunning?: () => boolean;
}

export const HOUR_SECONDS = 3_600;

/** The stories under way, in groups: those of a requester, those of a community. */
export interface UnderWay {
  /** Adds a story to all of the groups, or to none if one of them is full. Atomic. */
  take(id: string, groups: readonly Group[]): Promise<Taken>;
  /** Removes a story from the groups with these keys. A story that is in none of them is not an error. */
  leave(id: string, keys: readonly string[]): Promise<void>;
  /** The stories under any of these keys, in order of arrival. */
  list(keys: readonly string[]): Promise<readonly Entry[]>;
}

/** A set of stories that counts against one limit. */
export interface Group {
  /** The keys that hold the group together. New entries are added under the first. */
  readonly keys: readonly string[];
  /** The most stories that it may hold; 0 for no limit. */
  readonly most: number;
}

/** A story under way, and its age. */
export interface Entry {
  readonly id: string;
  readonly ageMs: number;
}

/**
 * The outcome: the number of stories of the first group that are `ahead`; `there` if it was in the first
 * group before; or the index of the first group that is `full`.
 */
export type Taken = { readonly ahead: number } | 'there' | { readonly full: number };

/**
 * Pseudonyms for users and communities: hashes under a salt that changes every day (UTC), is the same for all
 * processes, and is deleted a day later. Without the salts, names of different days cannot be linked to one
 * user.
 */
export class DailySalts {
  readonly #queue: Queue<Salt, never>;
  readonly #clock: () => number;
  readonly #known = new Map<number, { readonly at: number; readonly salt: Promise<Buffer | undefined> }>();

  /** @param clock milliseconds since 1970 */
  constructor(connection: QueueOpener, clock: () => number = Date.now) {
    this.#queue = connection.queue(SALTS_QUEUE);
    this.#clock = clock;
  }

  async ready(): Promise<void> {
    await this.#queue.waitUntilReady();
  }

  /**
   * The names of a user or community: today's, and yesterday's if a salt existed yesterday. Counts from
   * before midnight are found under the second.
   */
  async namesOf(who: string): Promise<readonly string[]> {
    const today = Math.floor(this.#clock() / DAY_MS);
    const salts = await Promise.all([this.#salt(today, true), this.#salt(today - 1, false)]);
    return salts
      .filter((salt) => salt !== undefined)
      .map((salt) => createHmac('sha256', salt).update(who).digest('base64url'));
  }

  close(): Promise<void> {
    return this.#queue.close();
  }

  #salt(day: number, make: boolean): Promise<Buffer | undefined> {
    const at = this.#clock();
    const known = this.#known.get(day);
    if (known && Math.abs(at - known.at) < KNOWN_MS) return known.salt;
    const salt = make ? this.#make(day) : this.#read(day);
    this.#known.set(day, { at, salt });
    for (const old of this.#known.keys()) if (old < day - 1) this.#known.delete(old);
    // A failed read is not cached.
    salt.catch(() => this.#known.delete(day));
    return salt;
  }

  async #make(day: number): Promise<Buffer | undefined> {
    const salt = await this.#read(day);
    if (salt) return salt;
    // Adding a job whose id exists changes nothing.
    const mine = { salt: randomBytes(SALT_BYTES).toString('hex') };
    await this.#queue.add('salt' as never, mine as never, { jobId: ID_PREFIX + day });
    await this.#forgetBefore(day - 1);
    return this.#read(day);
  }

  async #read(day: number): Promise<Buffer | undefined> {
    const job = await this.#queue.getJob(ID_PREFIX + day);
    return job && Buffer.from(job.data.salt, 'hex');
  }

  async #forgetBefore(day: number): Promise<void> {
    const ids = await this.#queue.getRanges(['wait'], 0, -1);
    const old = ids.filter((id) => Number(id.slice(ID_PREFIX.length)) < day);
    await Promise.all(old.map((id) => this.#queue.remove(id)));
  }
}

/** An hourly limit that has room for one more story. */
export interface Hour {
  /**
   * Counts the story; returns the function that reverts the count. Rejects when a concurrent request took the
   * last use.
   */
  count(): Promise<() => Promise<void>>;
}

export const NO_LIMIT: Hour = { count: async () => async () => {} };

/**
 * Checks an hourly limit.
 *
 * @param names under which the requester or community is counted, at least one: an hour that began before
 *   midnight continues under the second
 * @param refusal the error for a limit that is used up, from the time in ms until it has room again
 */
export async function hourOf(
  limiter: RateLimiterStoreAbstract,
  names: readonly string[],
  most: number,
  refusal: (ms: number) => Error,
): Promise<Hour> {
  const uses = await Promise.all(names.map((name) => limiter.get(name)));
  const index = Math.max(
    0,
    uses.findLastIndex((use) => use !== null),
  );
  const [name, before] = [names[index]!, uses[index]];
  if (before && before.consumedPoints >= most) throw refusal(before.msBeforeNext);
  return {
    count: async () => {
      try {
        await limiter.consume(name);
      } catch (over) {
        if (!(over instanceof RateLimiterRes)) throw over;
        // A concurrent request took the last use.
        await limiter.reward(name);
        throw refusal(over.msBeforeNext);
      }
      return async () => void (await limiter.reward(name));
    },
  };
}

/**
 * A store that shows no sign of life for this long counts as unreachable: a refusal has to come within a
 * second.
 */
const SILENCE_MS = 700;
/** Interval of the checks for signs of life. */
const CHECK_MS = 100;
/** Longest total wait for a store that shows signs of life. */
const LONGEST_ANSWER_MS = 20_000;

export interface SignsOfLife {
  /** Whether the store is certainly running; undefined where only its answers show that. */
  readonly isRunning: (() => boolean) | undefined;
  /** Number of answers, to requests of any kind, that it has given so far. */
  readonly answers: () => number;
  /** Waits, in ms; rejects when the signal is aborted. */
  readonly wait?: ((ms: number, signal: AbortSignal) => Promise<unknown>) | undefined;
}

/**
 * Waits for an answer as long as the store shows signs of life.
 *
 * @throws StoryError `queue_unavailable` when it shows none, or answers with an error; `busy` when its answer
 *   takes too long in spite of signs of life
 */
export async function answerInTime<T>(answer: Promise<T>, signs: SignsOfLife): Promise<T> {
  const enough = new AbortController();
  const late = silence(signs, enough.signal);
  try {
    return await Promise.race([answer, late]);
  } catch (cause) {
    if (cause instanceof StoryError) throw cause;
    throw new StoryError('queue_unavailable', sentences.unavailable, { cause });
  } finally {
    enough.abort();
    late.catch(() => {});
  }
}

/** Rejects when further waiting is useless. */
async function silence(signs: SignsOfLife, signal: AbortSignal): Promise<never> {
  const { isRunning, answers, wait = (ms) => sleep(ms, undefined, { signal }) } = signs;
  let seen = answers();
  let silentMs = 0;
  for (let waitedMs = 0; waitedMs < LONGEST_ANSWER_MS; waitedMs += CHECK_MS) {
    await wait(CHECK_MS, signal);
    // Answers that arrived while this process itself was busy are read before the store is judged.
    await setImmediate(undefined, { signal });
    const lives = isRunning?.() ?? answers() > seen;
    silentMs = lives ? 0 : silentMs + CHECK_MS;
    seen = answers();
    if (silentMs >= SILENCE_MS || isRunning?.() === false) throw new Error('no sign of life');
  }
  throw new StoryError('busy', sentences.overloaded);
}
