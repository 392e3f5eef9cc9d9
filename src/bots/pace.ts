/** Reveals a text at reading speed, because the network writes faster than users read. */

/** The time in milliseconds from any origin; tests inject their own clock. */
export type Clock = () => number;

export class Pace {
  readonly #charactersPerSecond: number;
  readonly #clock: Clock;
  /** Characters that may be shown; the fraction carries over to the next call. */
  #allowed: number;
  #lookedAt: number | undefined;

  /**
   * @param charactersPerSecond 0 for as fast as the text comes
   * @param from characters that are already shown
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
   * Returns the part of a text that may be shown now. It ends at the end of a word, or is everything when
   * `text` may be shown whole. Time in which there was no text to show is not caught up.
   *
   * @param start characters that cost no time: the user's prompt
   */
  reveal(text: string, start: number): string {
    if (this.#charactersPerSecond === 0) return text;
    const now = this.#clock();
    const elapsed = this.#lookedAt === undefined ? 0 : now - this.#lookedAt;
    this.#lookedAt = now;
    const allowed = Math.max(this.#allowed, start) + (elapsed / 1_000) * this.#charactersPerSecond;
    // The allowance never shrinks: a shorter text from a replacement worker causes no further wait.
    this.#allowed = Math.max(this.#allowed, Math.min(allowed, text.length));
    if (this.#allowed >= text.length) return text;
    const end = Math.floor(this.#allowed);
    const space = Math.max(text.lastIndexOf(' ', end), text.lastIndexOf('\n', end));
    return text.slice(0, Math.max(space, start)).trimEnd();
  }
}
