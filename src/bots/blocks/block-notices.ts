/** That a blocked person who writes messages is told so once, and not with every message. */
import type { Clock } from '../pace.ts';

/** After this time a person is told again. */
const SILENCE_MS = 24 * 3_600_000;
/** Persons remembered at most; beyond that the oldest may be told again. */
const REMEMBERED_MAX = 10_000;

export class BlockNotices {
  readonly #clock: Clock;
  /** When each person was told; in the order of time. */
  readonly #told = new Map<string, number>();

  /** @param clock milliseconds from any beginning */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a person is to be told now; counts as told when so. */
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
