/**
 * Looks at every word when it is complete, and says where to draw anew when it is one that a bot may not say. What
 * follows a word decides whether it is complete: so nothing that may still be taken back is ever certain.
 */
import { findWords, wordStart } from '../story/filter/find.ts';
import type { TextBuffer } from './text-buffer.ts';

/** Characters before the next one that are looked at; a word of more has its end looked at. */
const TAIL = 200;

export class WordGuard {
  readonly #buffer: TextBuffer;
  readonly #context: string;
  /** What stands before this position is another's: it is neither judged nor taken back. */
  readonly #first: number;

  /** @param context what the network read before the manuscript's prompt */
  constructor(buffer: TextBuffer, context: string) {
    this.#buffer = buffer;
    this.#context = context;
    this.#first = buffer.written;
  }

  /**
   * Looks at the word that `next` ends, if it ends one.
   *
   * @returns the position of the first character that is not to stand: in the last word, and this writer's
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
