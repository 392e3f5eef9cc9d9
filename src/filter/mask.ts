/** Vulgar words as they are posted: the first letter, and asterisks for the others. Runs in browsers too. */
import { findWords, wordStart } from './find.ts';

/**
 * A story as it is posted, while it grows. It is as long as the text itself, and what was posted once stays as it is,
 * so long as the text is given up to the ends of words.
 */
export class PostedText {
  readonly #prompt: string;
  #text = '';
  #posted = '';

  /** @param prompt the beginning of the text, whose last word may go on */
  constructor(prompt = '') {
    this.#prompt = prompt;
  }

  /** The text as it is posted. */
  of(text: string): string {
    if (!text.startsWith(this.#text)) {
      this.#text = '';
      this.#posted = '';
    }
    if (this.#text === '' && text.startsWith(this.#prompt)) this.#take(this.#prompt);
    this.#take(text);
    return this.#posted;
  }

  /** Adds what is new in `text`, which begins with what was taken before. */
  #take(text: string): void {
    const from = this.#text.length;
    let posted = this.#posted;
    for (const { start, end, kind } of findWords(text, from)) {
      if (kind !== 'vulgar') continue;
      // What is posted already is not touched, whatever it turns out to be part of.
      const first = Math.max(start, wordStart(text, end - 1), from);
      const shown = first === start ? first + String.fromCodePoint(text.codePointAt(start)!).length : first;
      if (end <= posted.length) continue;
      posted += text.slice(posted.length, Math.max(posted.length, shown));
      posted += '*'.repeat(end - posted.length);
    }
    this.#posted = posted + text.slice(posted.length);
    this.#text = text;
  }
}

/** A whole text as it is posted. */
export function mask(text: string): string {
  return new PostedText().of(text);
}
