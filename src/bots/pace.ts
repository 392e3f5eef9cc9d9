/**
 * Revealing a text at a reader's speed, because the network writes faster than anybody reads.
 */

/** The clock, so that tests own it; milliseconds from any beginning. */
export type Clock = () => number;

export class Pace {
  readonly #charactersPerSecond: number;
  readonly #clock: Clock;
  /** Characters that may be shown; a fraction is carried from one look to the next. */
  #allowed: number;
  #lookedAt: number | undefined;

  /**
   * @param charactersPerSecond 0 for as fast as the text comes
   * @param from characters that are shown already
   */
  constructor(charactersPerSecond: number, from: number, clock: Clock) {
    if (!(charactersPerSecond >= 0)) {
      throw new RangeError(`Expected a pace of 0 or more characters a second, got ${charactersPerSecond}.`);
    }
    this.#charactersPerSecond = charactersPerSecond;
    this.#allowed = from;
    this.#clock = clock;
  }

  /**
   * The part of a text that may be shown now: up to the end of a word, and everything when `text` may be
   * shown whole. Time in which nothing was there to show is not made up for.
   *
   * @param start characters that cost no time: the person's own opening
   */
  reveal(text: string, start: number): string {
    if (this.#charactersPerSecond === 0) return text;
    const now = this.#clock();
    const elapsed = this.#lookedAt === undefined ? 0 : now - this.#lookedAt;
    this.#lookedAt = now;
    const allowed = Math.max(this.#allowed, start) + (elapsed / 1_000) * this.#charactersPerSecond;
    // What has been allowed stays so: after a lost writer's shorter text nobody waits for the next one.
    this.#allowed = Math.max(this.#allowed, Math.min(allowed, text.length));
    if (this.#allowed >= text.length) return text;
    const end = Math.floor(this.#allowed);
    const space = Math.max(text.lastIndexOf(' ', end), text.lastIndexOf('\n', end));
    return text.slice(0, Math.max(space, start)).trimEnd();
  }
}
