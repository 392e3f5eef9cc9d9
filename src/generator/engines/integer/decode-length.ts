/**
 * How many characters the next decode should have: as many as keep it short at the speed measured so far, on any
 * processor and with any number of rows. No `node:` imports.
 */

/**
 * Duration of a decode. A story waits for two at most, its own and that of another batch, until it begins or is
 * stopped; and a decode of a millisecond already makes the cost of starting the threads small.
 */
const TARGET_MS = 10;
/** While the speed is not known. */
const FIRST_STEPS = 2;
/** Weight of the last decode in the average. */
const LEARNING_RATE = 0.25;

export class DecodeLength {
  readonly #most: number;
  /** Milliseconds of a step with `#rows` rows; undefined before the first decode. */
  #stepMs: number | undefined;
  #rows = 0;

  /** @param most largest number of steps of a decode */
  constructor(most: number) {
    this.#most = most;
  }

  /** Steps of a decode, 1 or more. */
  stepsFor(rows: number): number {
    const stepMs = this.#stepMsFor(rows);
    if (stepMs === undefined) return Math.min(FIRST_STEPS, this.#most);
    return Math.max(1, Math.min(this.#most, Math.floor(TARGET_MS / stepMs)));
  }

  /** Learns from a decode that took so many milliseconds. */
  learn(rows: number, steps: number, ms: number): void {
    const expected = this.#stepMsFor(rows) ?? ms / steps;
    this.#stepMs = expected + LEARNING_RATE * (ms / steps - expected);
    this.#rows = rows;
  }

  /** An upper bound where the number of rows changes: more take longer in proportion, fewer not longer. */
  #stepMsFor(rows: number): number | undefined {
    return this.#stepMs && this.#stepMs * Math.max(1, rows / this.#rows);
  }
}
