/** Checks the words of a story while it is written. No `node:` imports. */
import { findWords, wordStart } from '../story/filter/find.ts';
import type { TextBuffer } from './text-buffer.ts';

/** Characters before the next one that the guard checks; of a longer word, only the end is. */
const GUARDED_TAIL = 200;

/**
 * Checks every complete word, and says from where to resample when a bot may not say it. The character after
 * a word decides whether it is complete, so text that may still be taken back is never certain.
 */
export class WordGuard {
  readonly #buffer: TextBuffer;
  /** Text before this position is not this generation's: it is neither checked nor taken back. */
  readonly #first: number;

  constructor(buffer: TextBuffer) {
    this.#buffer = buffer;
    this.#first = buffer.written;
  }

  /**
   * Checks the word that `next` ends, if it ends one.
   *
   * @returns the position of the first rejected character: in the last word, and written by this generation
   */
  look(next: string): number | undefined {
    const buffer = this.#buffer;
    const isEnd = next.trim() === '';
    if (!isEnd && !buffer.isFull) return undefined;
    const text = buffer.text.end(GUARDED_TAIL) + (isEnd ? '' : next);
    const shift = buffer.written + (isEnd ? 0 : 1) - text.length;
    const start = wordStart(text, text.length);
    const found = findWords(text, Math.max(start, this.#first - shift)).find(({ kind }) => kind !== 'vulgar');
    return found && Math.max(found.start + shift, start + shift, this.#first);
  }
}
