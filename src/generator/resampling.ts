/**
 * Which attempt at a character is under way. Noise is keyed by position and attempt, so drawing again from a position
 * means that the next attempt counts there. How many draws a device makes in one go does not matter: an attempt counts
 * for positions that are known when the way back begins.
 */

/** Positions of which some are drawn again together. */
interface Stretch {
  readonly from: number;
  readonly to: number;
}

export class Resampling {
  readonly #attempts = new Map<number, number>();
  readonly #stretches: Stretch[] = [];

  /** The attempt that counts at a position: 0 for the first. */
  attempt(position: number): number {
    return this.#attempts.get(position) ?? 0;
  }

  /** Has the positions from `from` up to and with `to` drawn again. */
  resample(from: number, to: number): void {
    for (let position = from; position <= to; position++) {
      this.#attempts.set(position, this.attempt(position) + 1);
    }
    this.#stretches.push({ from, to });
  }

  /**
   * Whether a writer who is given so many characters, and knows of no attempts, goes on as this one would: at all
   * positions from there on the first attempt counts, or will be found again to be none.
   */
  isSettled(length: number): boolean {
    return !this.#stretches.some(({ from, to }) => from < length && length <= to);
  }
}
