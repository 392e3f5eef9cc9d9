/**
 * One story as a sequence of the scheduler. Drawn ids become text, and what may not be in the text is
 * resampled: a word that a bot may not say, from its first letter, and a draw that is no word. A draw's noise
 * is keyed by the seed, by its position in the text, and by the attempt.
 */

import type { Sampling } from '../story/story.ts';
import type { ProbabilityRecord, RecordedDraw } from './probability-record.ts';
import { type AllowedIds, uniformAt } from './sampler.ts';
import type { Rewind, Sequence } from './sequence.ts';
import type { Resample, StoryRules, StoryText } from './story-rules.ts';
import type { TextBuffer } from './text-buffer.ts';
import type { Vocabulary } from './vocabulary.ts';
import type { WordGuard } from './word-guard.ts';

/** Attempts at a forbidden word before the stand-in replaces it. */
const ATTEMPTS_AT_A_SAYABLE_WORD = 6;
/** Attempts at a draw that gives no word, or one that runs together with the word before it. */
const ATTEMPTS_AT_A_WORD = 20;
/** The word that replaces a forbidden one. */
const STAND_IN = 'stranger';
/** Characters of the text that determine which word may follow: more than any word has. */
const TAIL = 64;
/** Length of the tail in which a word's beginning is searched. */
const LONGEST_WORD = 64;
const LINE_END = '\n';
/** Characters after which draws are not restricted any more. */
const OPENING = 1;
const LETTER = /[\p{L}\p{N}]/u;

export interface GenerationOptions {
  readonly vocabulary: Vocabulary;
  /** Contains the text that an earlier worker wrote. */
  readonly buffer: TextBuffer;
  readonly guard: WordGuard;
  /** The text before the buffer's content: context and prompt. */
  readonly before: string;
  /** What the network reads before the first draw. */
  readonly prompt: readonly number[];
  /** The ids that may follow the text written so far; undefined for all of them. */
  readonly allowedAfter: (written: string) => AllowedIds | undefined;
  readonly sampling: Sampling;
  /** Further rules; undefined for none. */
  readonly rules: StoryRules | undefined;
  readonly seed: number;
  /** Keeps the probabilities of the written characters; undefined where they are not asked for. */
  readonly record: ProbabilityRecord | undefined;
  /** Called after every word. */
  readonly onWord: () => void;
  /** Called when a forbidden word is resampled. */
  readonly onResample: () => void;
}

export class Generation implements Sequence {
  readonly prompt: readonly number[];
  readonly temperature: number;
  readonly wordTemperature: number | undefined;
  readonly minP: number | undefined;
  readonly rewindPoint: (() => number) | undefined;
  readonly asksProbabilities: boolean;
  readonly #options: GenerationOptions;
  /** Position in the text at which each draw begins. */
  readonly #starts: number[] = [];
  /** Length of the text when this generation began. */
  readonly #first: number;
  /** What the rules check; undefined where there are none. */
  readonly #checked: StoryText | undefined;

  constructor(options: GenerationOptions) {
    this.#options = options;
    this.prompt = options.prompt;
    this.temperature = options.sampling.temperature;
    this.wordTemperature = options.sampling.wordTemperature;
    this.minP = options.sampling.minP;
    // Without rules only a forbidden word is drawn again, which is too rare to keep checkpoints for.
    this.rewindPoint = options.rules && (() => this.#wordStart());
    this.asksProbabilities = options.record !== undefined;
    this.#first = options.buffer.written;
    this.#checked = this.#hasRules ? this.#textToCheck() : undefined;
  }

  get #hasRules(): boolean {
    const { rules, vocabulary, prompt } = this.#options;
    return rules !== undefined && vocabulary.unit === 'char' && prompt.length > 0;
  }

  #textToCheck(): StoryText {
    const { buffer } = this.#options;
    return {
      text: buffer.text,
      get written() {
        return buffer.written;
      },
      first: this.#first,
      attempt: (position) => buffer.attempt(position),
    };
  }

  /** The draw of the current word's first letter, or the next draw where no word is begun. */
  #wordStart(): number {
    const { vocabulary, buffer } = this.#options;
    if (vocabulary.unit === 'word') return Math.max(0, this.#starts.length - 1);
    const own = buffer.text.end(Math.min(LONGEST_WORD, buffer.written - this.#first));
    const letters = own.length - 1 - Math.max(own.lastIndexOf(' '), own.lastIndexOf(LINE_END));
    return Math.max(0, this.#starts.length - letters);
  }

  uniform(index: number): number {
    const { buffer, seed } = this.#options;
    const position = this.#positionOf(index);
    return uniformAt(seed, position, buffer.attempt(position));
  }

  allowed(index: number): AllowedIds | undefined {
    const { buffer, allowedAfter } = this.#options;
    const { written } = buffer;
    // The text before a later draw is not known yet.
    if (written > OPENING || this.#positionOf(index) !== written) return undefined;
    return allowedAfter(buffer.text.end(written));
  }

  /**
   * The position of a future draw. It is certain for the next draw only; for the others it assumes one
   * character for each draw.
   */
  #positionOf(index: number): number {
    return this.#options.buffer.written + index - this.#starts.length;
  }

  take(id: number, draw?: RecordedDraw): number | Rewind | undefined {
    const { vocabulary, buffer, guard, record, onWord } = this.#options;
    const isMark = id === vocabulary.eosId;
    // An `eosId` that does not end the story becomes a line end, in the text and for the network.
    const next = isMark ? this.#lineEnd : id;
    if (!this.#mayStand(next)) return this.#drawAgain();
    const text = this.#textOf(next);
    const broken = this.#brokenRule(text);
    if (broken) return this.#resample(broken);
    this.#starts.push(buffer.written);
    for (const character of text) {
      const offence = guard.look(character);
      if (offence !== undefined) return this.#goBack(offence);
      if (isMark && buffer.endOfWork()) return undefined;
      if (draw) record?.set(buffer.written, draw);
      buffer.add(character);
      if (buffer.over) return undefined;
      if (character === ' ' || character === LINE_END) onWord();
    }
    return next;
  }

  #brokenRule(text: string): Resample | undefined {
    return this.#checked && this.#options.rules!.look(this.#checked, text);
  }

  /**
   * Rewinds to the draw at a position; each position begins a draw, since characters are drawn one by one.
   */
  #resample({ from, instead = '' }: Resample): Rewind | undefined {
    const { vocabulary } = this.#options;
    const ids = [...instead].map((character) => vocabulary.idOf(character));
    const index = this.#starts.length - (this.#options.buffer.written - from);
    return this.#backTo(index, from, ids.every((id) => id !== undefined) ? ids : []);
  }

  get #lineEnd(): number {
    return lineEndOf(this.#options.vocabulary)!;
  }

  /** Whether an id is a word that does not run together with the word before it. */
  #mayStand(id: number): boolean {
    const { vocabulary, buffer } = this.#options;
    if (vocabulary.unit === 'char') return true;
    const text = buffer.text.end(TAIL);
    const read = buffer.written === 0 ? withoutLastSpace(text) : text;
    return id !== vocabulary.unknown && vocabulary.mayFollow(read, id);
  }

  /** The text that a draw adds. The first word uses the space at the end of the prompt instead of its own. */
  #textOf(id: number): string {
    const { vocabulary, buffer, before } = this.#options;
    const text = vocabulary.decode(id);
    const isSpaced = vocabulary.unit === 'word' && buffer.written === 0 && before.endsWith(' ');
    return isSpaced && text.startsWith(' ') ? text.slice(1) : text;
  }

  /** Draws again; after too many attempts takes a line end, which may follow any text. */
  #drawAgain(): Rewind | undefined {
    const { written } = this.#options.buffer;
    const isInVain = this.#isInVain(written, ATTEMPTS_AT_A_WORD);
    return this.#backTo(this.#starts.length, written, isInVain ? [this.#lineEnd] : []);
  }

  /**
   * Rewinds to the draw in which the forbidden word begins, or to the first draw where the prompt contains
   * its beginning.
   */
  #goBack(offence: number): Rewind | undefined {
    const index = Math.max(
      0,
      this.#starts.findLastIndex((start) => start <= offence),
    );
    const from = this.#starts[index]!;
    const isInVain = this.#isInVain(from, ATTEMPTS_AT_A_SAYABLE_WORD);
    const way = this.#backTo(index, from, isInVain ? this.#standIn(index) : []);
    this.#options.onResample();
    return way;
  }

  /** Whether another attempt is useless; at temperature 0 every attempt gives the same id. */
  #isInVain(position: number, attempts: number): boolean {
    return this.#options.buffer.attempt(position) >= (this.temperature === 0 ? 0 : attempts);
  }

  /**
   * @param index of the draw to go back to
   * @param from the position of that draw in the text
   * @param instead ids that replace it
   */
  #backTo(index: number, from: number, instead: readonly number[]): Rewind | undefined {
    const { vocabulary, buffer } = this.#options;
    const texts = instead.map((id) => vocabulary.decode(id));
    this.#starts.length = index;
    let start = from;
    for (const text of texts) {
      this.#starts.push(start);
      start += text.length;
    }
    buffer.takeBack(from, texts.join(''));
    this.#options.record?.clear(from, start - from);
    return buffer.over ? undefined : { to: index, instead };
  }

  /** The ids that replace a forbidden word after the last attempt. */
  #standIn(index: number): number[] {
    const { vocabulary } = this.#options;
    // The prompt may contain the beginning of the word: then only its completion can be prevented.
    const isBegun = index === 0 && LETTER.test(vocabulary.decode(this.prompt.at(-1)!));
    const isFirst = index === 0 && this.#options.before.trim() === '';
    const word = isFirst ? STAND_IN.replace('s', 'S') : STAND_IN;
    const texts =
      vocabulary.unit === 'word' ? [isFirst ? word : ` ${word}`] : isBegun ? [' '] : [...word, ' '];
    const ids = texts.map((text) => vocabulary.idOf(text));
    return ids.every((id) => id !== undefined) ? ids : [this.#lineEnd];
  }
}

/**
 * The id that replaces an `eosId` in the middle of a story; undefined where the vocabulary has none for it.
 */
export function lineEndOf(vocabulary: Vocabulary): number | undefined {
  return vocabulary.idOf(LINE_END) ?? vocabulary.idOf(' ');
}

/**
 * A text without its last space, for a vocabulary of words, in which each word includes the space before it.
 */
export function withoutLastSpace(text: string): string {
  return text.replace(/ $/, '');
}
