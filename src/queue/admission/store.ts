/**
 * The storage that limits are counted in, on the same store as the queues. Two files implement it,
 * `redis/limits.ts` and `embedded/limits.ts`. Every key is a hash (`salts.ts`) and holds no user's id.
 */
import type { RateLimiterStoreAbstract } from 'rate-limiter-flexible';

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
