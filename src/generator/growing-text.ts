/**
 * A text that grows at its end. JavaScript joins strings lazily, and to read any part of a joined string copies all of
 * it. This text is kept in two parts, so that reading its end after each word copies the second, short part only. No
 * `node:` imports.
 */

/** Characters that the second part has at most, and that remain in it when the others move to the first. */
const [LONGEST_END, KEPT_END] = [1_024, 512];

export class GrowingText {
  #start: string;
  #end = '';

  constructor(start: string) {
    this.#start = start;
  }

  get length(): number {
    return this.#start.length + this.#end.length;
  }

  add(text: string): void {
    this.#end += text;
    if (this.#end.length <= LONGEST_END) return;
    const moved = this.#end.length - KEPT_END;
    this.#start += this.#end.slice(0, moved);
    this.#end = this.#end.slice(moved);
  }

  /** Removes the characters from a length on. */
  cut(length: number): void {
    this.#end = this.#end.slice(0, Math.max(0, length - this.#start.length));
    this.#start = this.#start.slice(0, length);
  }

  /** The last characters, at most `length`. */
  end(length: number): string {
    const before = length - this.#end.length;
    if (before <= 0) return this.#end.slice(-before);
    return this.#start.slice(Math.max(0, this.#start.length - before)) + this.#end;
  }

  /** Whether the last characters, so many, also stand at an earlier place. */
  repeats(length: number): boolean {
    if (length >= this.length) return false;
    const last = this.end(length);
    const inStart = this.#start.indexOf(last);
    if (inStart >= 0 && inStart < this.length - length) return true;
    // All other places reach into the second part.
    const rest = this.end(this.#end.length + length - 1);
    const inRest = rest.indexOf(last);
    return inRest >= 0 && inRest < rest.length - length;
  }

  toString(): string {
    return this.#start + this.#end;
  }
}
