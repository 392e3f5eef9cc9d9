/**
 * Checks every complete word, and says from where to resample when a bot may not say it. The character after
 * a word decides whether it is complete, so text that may still be taken back is never certain.
 */
import { findWords, wordStart } from '../story/filter/find.ts';
import type { TextBuffer } from './text-buffer.ts';

/** Characters before the next one that are checked; of a longer word, only the end is. */
const TAIL = 200;

export class WordGuard {
  readonly #buffer: TextBuffer;
  readonly #context: string;
  /** Text before this position is not this generation's: it is neither checked nor taken back. */
  readonly #first: number;

  /** @param context the text that the network read before the buffer's prompt */
  constructor(buffer: TextBuffer, context: string) {
    this.#buffer = buffer;
    this.#context = context;
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
    const text = this.#tail() + (isEnd ? '' : next);
    const shift = buffer.written + (isEnd ? 0 : 1) - text.length;
    const start = wordStart(text, text.length);
    const found = findWords(text, Math.max(start, this.#first - shift)).find(({ kind }) => kind !== 'vulgar');
    return found && Math.max(found.start + shift, start + shift, this.#first);
  }

  #tail(): string {
    const own = this.#buffer.tail(TAIL);
    return own.length < TAIL ? (this.#context + own).slice(-TAIL) : own;
  }
}
