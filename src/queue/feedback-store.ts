/** Where feedback is stored, on the same store as the queues: `redis/feedback.ts` and `embedded/feedback.ts`. */
import type { Verdict } from '../story/feedback.ts';

/** A second press of one button within this time is a double click. */
export const DOUBLE_CLICK_MS = 1_000;

/** A user's rating, as a store takes it. */
export interface StoredRating {
  readonly story: string;
  readonly salt: string;
  /** The hash of the user. */
  readonly rater: string;
  /** The verdict; undefined takes the rating back. */
  readonly verdict: Verdict | undefined;
  /** When the user rated, in ms since 1970. */
  readonly at: number;
  /**
   * Whether it is the press of a button. A press of the verdict that the user has takes the rating back, unless it is
   * a double click. A press that is not later than the user's last one was delivered twice, and changes nothing.
   */
  readonly isPress: boolean;
  /** When the ratings of the story are removed, in ms since 1970. */
  readonly expiresAt: number;
  /** What the story is counted by: the same for all ratings on it. */
  readonly group: string;
  /** The group's day, in days since 1970. */
  readonly day: number;
}

/** The user's verdict after a rating; `gone` when the ratings of the story were removed. */
export type Rated = Verdict | undefined | 'gone';

export interface Total {
  readonly group: string;
  readonly verdict: Verdict;
  /** The number of ratings. */
  readonly votes: number;
}

export interface FeedbackStore {
  /** The salt of a story: the stored one, or `fresh`, which is stored until `expiresAt`. Atomic. */
  salt(story: string, fresh: string, expiresAt: number): Promise<string>;
  /** Changes the rating of a user, and the totals with it. Atomic. */
  rate(rating: StoredRating): Promise<Rated>;
  /** Takes the rating of a user back, and removes the user's hash. Atomic. */
  forget(story: string, rater: string): Promise<void>;
  /** The stories whose ratings are kept. */
  stories(): Promise<readonly { readonly story: string; readonly salt: string }[]>;
  /** Removes the ratings of a story; the totals stay. */
  remove(story: string): Promise<void>;
  /** Removes the ratings that have expired by `now`, and the totals of days before `firstDay`. */
  removeOld(now: number, firstDay: number): Promise<void>;
  /** The totals of the days from `firstDay` on, except for those that are zero. */
  totals(firstDay: number): Promise<readonly Total[]>;
}
