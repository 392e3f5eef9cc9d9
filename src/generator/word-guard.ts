/**
 * Looks at every word when it is complete, and says where to draw anew when it is one that a bot may not say. What
 * follows a word decides whether it is complete: so nothing that may still be taken back is ever certain.
 */
import { findWords, wordStart } from '../filter/find.ts';
import type { Manuscript } from './manuscript.ts';

/** Characters before the next one that are looked at; a word of more has its end looked at. */
const TAIL = 200;
/** Times that a word is drawn anew before one is put in its place. At temperature 0 every draw is the same. */
const ATTEMPTS = 6;
/** Fits where people are spoken of, and wherever else a story gets by with a little strangeness. */
const STAND_IN = 'stranger ';
const LETTER = /[\p{L}\p{N}]/u;

/** What is to be drawn again. */
export interface Offence {
  /** Position of the first character of the word that is not to stand. */
  readonly from: number;
  /** What is to be written there instead; empty where it is to be drawn. */
  readonly instead: string;
}

export interface WordGuardOptions {
  readonly manuscript: Manuscript;
  /** What the network read before the manuscript's prompt. */
  readonly context: string;
  readonly temperature: number;
}

export class WordGuard {
  readonly #options: WordGuardOptions;
  /** What stands before this position is another's: it is neither judged nor taken back. */
  readonly #first: number;

  constructor(options: WordGuardOptions) {
    this.#options = options;
    this.#first = options.manuscript.written;
  }

  /** Looks at the word that `next` ends, if it ends one. */
  look(next: string): Offence | undefined {
    const { manuscript, temperature } = this.#options;
    const isEnd = next.trim() === '';
    if (!isEnd && !manuscript.isFull) return undefined;
    const text = this.#tail() + (isEnd ? '' : next);
    const shift = manuscript.written + (isEnd ? 0 : 1) - text.length;
    const start = wordStart(text, text.length);
    const found = findWords(text, Math.max(start, this.#first - shift)).find(({ kind }) => kind !== 'vulgar');
    if (!found) return undefined;
    const from = Math.max(found.start + shift, start + shift, this.#first);
    const isInVain = manuscript.attempt(from) >= (temperature === 0 ? 0 : ATTEMPTS);
    const isInWord = LETTER.test(text[from - shift - 1] ?? '');
    return { from, instead: !isInVain ? '' : isInWord ? ' ' : STAND_IN };
  }

  #tail(): string {
    const { manuscript, context } = this.#options;
    const own = manuscript.tail(TAIL);
    return own.length < TAIL ? (context + own).slice(-TAIL) : own;
  }
}
