/** Notifies a blocked user who writes messages once, and not for every message. */
import type { Clock } from '../pace.ts';

/** After this time a user is notified again. */
const SILENCE_MS = 24 * 3_600_000;
/** Users remembered at most; beyond that the oldest entry is dropped, and that user may be notified again. */
const REMEMBERED_MAX = 10_000;

export class BlockNotices {
  readonly #clock: Clock;
  /** When each user was notified; ordered by time. */
  readonly #told = new Map<string, number>();

  /** @param clock milliseconds from any origin */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether to notify a user now; if so, the user counts as notified. */
  isDue(person: string): boolean {
    const now = this.#clock();
    const before = this.#told.get(person);
    if (before !== undefined && now - before < SILENCE_MS) return false;
    this.#told.delete(person);
    this.#told.set(person, now);
    if (this.#told.size > REMEMBERED_MAX) this.#told.delete(this.#told.keys().next().value!);
    return true;
  }
}
