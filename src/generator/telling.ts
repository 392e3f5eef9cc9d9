/**
 * One story as a sequence of the batch: what is drawn becomes text, and a word that a bot may not say is drawn again
 * from its first letter. A draw's noise is keyed by the seed, by where in the text it begins, and by the attempt.
 */
import type { Sequence, WayBack } from './batch.ts';
import type { Manuscript } from './manuscript.ts';
import { uniformAt } from './sampling.ts';
import type { Vocabulary } from './vocabulary.ts';
import type { WordGuard } from './word-guard.ts';

/** Times that a word is drawn again before another is put in its place. At temperature 0 every draw is the same. */
const ATTEMPTS = 6;
/** Fits where people are spoken of, and wherever else a story gets by with a little strangeness. */
const STAND_IN = 'stranger';
const LINE_END = '\n';
const LETTER = /[\p{L}\p{N}]/u;

export interface TellingOptions {
  readonly vocabulary: Vocabulary;
  /** With all that an earlier writer wrote. */
  readonly manuscript: Manuscript;
  readonly guard: WordGuard;
  /** What the network reads before the first draw. */
  readonly prompt: readonly number[];
  readonly temperature: number;
  readonly seed: number;
  /** Called after every word. */
  readonly onWord: () => void;
  /** Called when a word is drawn again. */
  readonly onRedraw: () => void;
}

export class Telling implements Sequence {
  readonly prompt: readonly number[];
  readonly temperature: number;
  readonly #options: TellingOptions;
  /** Where in the text each draw begins. */
  readonly #starts: number[] = [];

  constructor(options: TellingOptions) {
    this.#options = options;
    this.prompt = options.prompt;
    this.temperature = options.temperature;
  }

  uniform(index: number): number {
    const { manuscript, seed } = this.#options;
    // Of draws to come only that of the next one is known for sure; those of characters follow one by one.
    const position = manuscript.written + index - this.#starts.length;
    return uniformAt(seed, position, manuscript.attempt(position));
  }

  take(id: number): number | WayBack | undefined {
    const { vocabulary, manuscript, guard, onWord } = this.#options;
    const isMark = id === vocabulary.endOfText;
    // A mark in the middle of things becomes a line end, in the text and for the network alike.
    const text = isMark ? LINE_END : vocabulary.decode(id);
    this.#starts.push(manuscript.written);
    for (const character of text) {
      const offence = guard.look(character);
      if (offence !== undefined) return this.#goBack(offence);
      if (isMark && manuscript.endOfWork()) return undefined;
      manuscript.add(character);
      if (manuscript.over) return undefined;
      if (character === ' ' || character === LINE_END) onWord();
    }
    return isMark ? vocabulary.idOf(LINE_END) : id;
  }

  /** Back to the draw in which a word begins, as far as its beginning is drawn and not given. */
  #goBack(offence: number): WayBack | undefined {
    const { vocabulary, manuscript, onRedraw } = this.#options;
    const index = Math.max(
      0,
      this.#starts.findLastIndex((start) => start <= offence),
    );
    const from = this.#starts[index]!;
    const isInVain = manuscript.attempt(from) >= (this.temperature === 0 ? 0 : ATTEMPTS);
    const instead = isInVain ? this.#standIn(index) : [];
    const texts = instead.map((id) => vocabulary.decode(id));
    this.#starts.length = index;
    let start = from;
    for (const text of texts) {
      this.#starts.push(start);
      start += text.length;
    }
    manuscript.takeBack(from, texts.join(''));
    onRedraw();
    return manuscript.over ? undefined : { to: index, instead };
  }

  /** What is put in the place of a word that comes again and again. */
  #standIn(index: number): number[] {
    const { vocabulary } = this.#options;
    // What was given may have the beginning of the word: then only its end can be prevented.
    const isBegun = index === 0 && LETTER.test(vocabulary.decode(this.prompt.at(-1)!));
    const texts = vocabulary.unit === 'word' ? [` ${STAND_IN}`] : isBegun ? [' '] : [...STAND_IN, ' '];
    const ids = texts.map((text) => vocabulary.idOf(text));
    return ids.every((id) => id !== undefined) ? ids : [vocabulary.idOf(LINE_END)!];
  }
}
