/** Reveals text that arrives in chunks as if it were typed. Pure: the time is a parameter. */

/** The longest time between a character's arrival and its display. */
export const LAG_LIMIT_MS = 400;

/** The state of one text's reveal. */
export class Reveal {
  #target: string;
  #shown: number;
  #charactersPerMs = 0;
  #atMs = 0;

  /** Starts with `text` shown in full. */
  constructor(text = '') {
    this.#target = text;
    this.#shown = text.length;
  }

  /** Sets a new target text; characters in common with the old one stay shown. */
  aim(text: string, nowMs: number): void {
    this.#advance(nowMs);
    if (!text.startsWith(this.#target.slice(0, this.#shown)))
      this.#shown = commonLength(text, this.#target, this.#shown);
    this.#target = text;
    const due = (text.length - this.#shown) / LAG_LIMIT_MS;
    // Never slower than the rate set for the text in progress, which keeps the limit.
    this.#charactersPerMs = this.done ? 0 : Math.max(this.#charactersPerMs, due);
  }

  /** The text to show at a time. */
  at(nowMs: number): string {
    this.#advance(nowMs);
    if (this.done) return this.#target;
    const end = Math.floor(this.#shown);
    const splitsPair = /[\ud800-\udbff]/.test(this.#target[end - 1] ?? '');
    return this.#target.slice(0, splitsPair ? end - 1 : end);
  }

  /** Shows everything at once. */
  finish(): string {
    this.#shown = this.#target.length;
    this.#charactersPerMs = 0;
    return this.#target;
  }

  /** Whether the whole text is shown. */
  get done(): boolean {
    return this.#shown >= this.#target.length;
  }

  #advance(nowMs: number): void {
    const passedMs = Math.max(0, nowMs - this.#atMs);
    this.#atMs = nowMs;
    if (this.#charactersPerMs === 0) return;
    this.#shown = Math.min(this.#target.length, this.#shown + passedMs * this.#charactersPerMs);
    if (this.done) this.#charactersPerMs = 0;
  }
}

function commonLength(a: string, b: string, max: number): number {
  let length = 0;
  while (length < max && length < a.length && a[length] === b[length]) length++;
  return length;
}
