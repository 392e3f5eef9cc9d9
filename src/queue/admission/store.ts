/**
 * What limits are counted in, on the same store as the queues. Two files fulfil it, `redis/limits.ts` and
 * `embedded/limits.ts`. Every key is a hash (`salts.ts`): nobody's id is in it.
 */
import type { RateLimiterStoreAbstract } from 'rate-limiter-flexible';

export interface LimitStore {
  /**
   * A limiter that lets a key have `most` uses within an hour, which begins with the first of them. All of them
   * count in the same place: a key can be asked about with several bounds.
   */
  hourly(most: number): RateLimiterStoreAbstract;
  readonly underWay: UnderWay;
  /**
   * Whether the store certainly runs, so that an answer that takes long still comes. Undefined where only its answers
   * tell, as those of a server elsewhere.
   */
  readonly isRunning?: () => boolean;
}

export const HOUR_SECONDS = 3_600;

/** Which stories are under way, in groups: those of a person, those of a place. */
export interface UnderWay {
  /** Adds a story to all of the groups, unless one of them is full: then to none. Atomic. */
  take(id: string, groups: readonly Group[]): Promise<Taken>;
  /** Takes a story out of the groups with these keys. One that is in none of them is no mistake. */
  leave(id: string, keys: readonly string[]): Promise<void>;
  /** The stories under any of these keys, in the order in which they came. */
  list(keys: readonly string[]): Promise<readonly Entry[]>;
}

/** A set of stories that counts against one limit. */
export interface Group {
  /** Where it is kept: under all of these together. What is added is added under the first. */
  readonly keys: readonly string[];
  /** The most stories that it may hold; 0 for any number. */
  readonly most: number;
}

/** A story that is under way, and for how long it has been. */
export interface Entry {
  readonly id: string;
  readonly ageMs: number;
}

/**
 * What came of it: so many stories of the first group are `ahead` of it; `there`, it was in the first group
 * before; or the index of the first group that is `full`.
 */
export type Taken = { readonly ahead: number } | 'there' | { readonly full: number };
