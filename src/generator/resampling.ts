/**
 * Counts the attempts at each position. Noise is keyed by position and attempt, so resampling from a position
 * increments the attempts from there on. The number of steps in a decode does not matter: attempts are
 * counted for positions that are known when the rewind starts.
 */

/** A range of positions that were resampled together. */
interface Stretch {
  readonly from: number;
  readonly to: number;
}

export class Resampling {
  readonly #attempts = new Map<number, number>();
  readonly #stretches: Stretch[] = [];

  /** The current attempt at a position: 0 for the first. */
  attempt(position: number): number {
    return this.#attempts.get(position) ?? 0;
  }

  /** Increments the attempts at the positions from `from` to `to`, inclusive. */
  resample(from: number, to: number): void {
    for (let position = from; position <= to; position++) {
      this.#attempts.set(position, this.attempt(position) + 1);
    }
    this.#stretches.push({ from, to });
  }

  /**
   * Whether a generation that resumes at this length, and knows of no attempts, continues as this one would:
   * at all positions from there on the first attempt is current, or will be rejected again.
   */
  isSettled(length: number): boolean {
    return !this.#stretches.some(({ from, to }) => from < length && length <= to);
  }
}
