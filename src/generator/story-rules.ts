/**
 * Rules of prose that a temperature cannot enforce. Each checks the text so far and the next character, and
 * says what is resampled: resampling until a rule is kept draws from the network's distribution conditioned
 * on that rule. A rule's result depends on the text, the seed and the number of attempts only, so a story is
 * the same alone, beside others and resumed. No `node:` imports: a browser writes the same way.
 */
import type { GrowingText } from './growing-text.ts';
import type { Lexicon } from './lexicon.ts';
import { STREAM, uniformAt } from './sampler.ts';
import { opensSpeech } from './text-buffer.ts';

/** What is to be resampled. */
export interface Resample {
  /** Position of the first rejected character, counted from the first one that was written. */
  readonly from: number;
  /** Text that replaces it; absent where it is drawn anew. */
  readonly instead?: string;
}

/** The text that rules check. */
export interface StoryText {
  /** All text that the network has read: context, prompt, and the text written. */
  readonly text: GrowingText;
  /** Length of the written end of that text, an earlier worker's part included. */
  readonly written: number;
  /** `written` when this generation began: text before that is not resampled. */
  readonly first: number;
  /** The number of earlier attempts at a position. */
  attempt(position: number): number;
}

export interface StoryRulesOptions {
  /** The words of the model; without it the rules about words are off. */
  readonly lexicon: Lexicon | undefined;
  readonly seed: number;
}

/** Attempts at a word outside the lexicon before it is accepted. */
const WORD_ATTEMPTS = 5;
/** Attempts at a misplaced quotation mark before it is accepted. */
const QUOTE_ATTEMPTS = 5;
/** Probability with which an earlier name with the same initial replaces a new one. */
const NAME_RETURNS = 0.7;
/** Repetitions of fewer characters do not count as a loop. */
const LOOP_CHARACTERS = 25;
/**
 * As in the DRY sampler: the penalty in nats of the shortest loop, and its growth with each further
 * character.
 */
const LOOP_PENALTY = 0.8;
const LOOP_GROWTH = 1.1;
const LOOP_ATTEMPTS = 20;
/** Characters before the current word that the rules check. */
const TAIL = 400;

const WORD_CHARACTER = /[A-Za-z0-9'\u00c0-\u024f]/;
/**
 * Text before a capital that is not a sign of a name: a beginning, an end of a sentence, or an opening mark.
 */
const SENTENCE_START = /(?:^|[.!?:]["')\]]*\s+|\n|["(]|--)$/;
const NAME = /(?<=[a-z,;] )[A-Z][a-z]+/g;
const QUOTE = '"';

export class StoryRules {
  readonly #lexicon: Lexicon | undefined;
  readonly #seed: number;

  constructor({ lexicon, seed }: StoryRulesOptions) {
    this.#lexicon = lexicon;
    this.#seed = seed;
  }

  /** What is resampled when `next` is to follow the text; undefined for nothing. */
  look(story: StoryText, next: string): Resample | undefined {
    if (WORD_CHARACTER.test(next)) return undefined;
    const quote = quoteRule(story, next);
    if (quote) return quote;
    const word = lastWord(story.text.end(TAIL));
    if (word === '') return undefined;
    const from = story.written - word.length;
    if (from < story.first) return undefined;
    return this.#wordRule(story, word, from) ?? this.#loopRule(story, from);
  }

  /** Resamples a word that the training text lacks; replaces a new name by an earlier one now and then. */
  #wordRule(story: StoryText, word: string, from: number): Resample | undefined {
    const lexicon = this.#lexicon;
    if (!lexicon) return undefined;
    const before = story.text.end(TAIL + word.length).slice(0, -word.length);
    // After a digit or a letter of another alphabet it is only part of a word.
    if (WORD_CHARACTER.test(before.slice(-1))) return undefined;
    const base = baseOf(word);
    const isCapital = /^[A-Z]/.test(word);
    if (isCapital && !SENTENCE_START.test(before)) return this.#nameRule(story, word, base, from);
    if (story.attempt(from) >= WORD_ATTEMPTS) return undefined;
    if (lexicon.has(word) || lexicon.has(base)) return undefined;
    if (occursIn(textBefore(story, word), base)) return undefined;
    return { from };
  }

  /** @param name the word without its ending */
  #nameRule(story: StoryText, word: string, name: string, from: number): Resample | undefined {
    if (name.length < 2 || this.#lexicon!.isCommon(name)) return undefined;
    const before = textBefore(story, word);
    if (occursIn(before, name)) return undefined;
    const initial = name[0]!;
    const known = (before.match(NAME) ?? []).filter(
      (earlier) => earlier.startsWith(initial) && !this.#lexicon!.isCommon(earlier),
    );
    const last = known.at(-1);
    if (last === undefined) return undefined;
    const attempt = story.attempt(from);
    const isReturning = attempt === 0 && uniformAt(this.#seed, from, attempt, STREAM.rules) < NAME_RETURNS;
    return isReturning ? { from, instead: last } : undefined;
  }

  /** Resamples a word that completes a repetition, with a probability that grows with its length. */
  #loopRule({ text, written, first, attempt }: StoryText, from: number): Resample | undefined {
    // The usual case, and much faster than measuring.
    if (!text.repeats(LOOP_CHARACTERS)) return undefined;
    const length = repeatedLength(text.toString());
    if (length < LOOP_CHARACTERS || length > written - first + LOOP_CHARACTERS) return undefined;
    const tried = attempt(from);
    if (tried >= LOOP_ATTEMPTS) return undefined;
    const keptShare = Math.exp(-LOOP_PENALTY * LOOP_GROWTH ** (length - LOOP_CHARACTERS));
    return uniformAt(this.#seed, from, tried, STREAM.rules) < keptShare ? undefined : { from };
  }
}

/** Within a paragraph quotation marks open and close alternately, and none is left open at its end. */
function quoteRule(story: StoryText, next: string): Resample | undefined {
  if (next !== QUOTE && next !== '\n') return undefined;
  const { written, attempt } = story;
  const text = story.text.toString();
  const isOpen = opensSpeech(text);
  const last = text.at(-1) ?? '\n';
  if (next === '\n') {
    return isOpen && !/[\s"]/.test(last) ? { from: written, instead: QUOTE } : undefined;
  }
  // Opening and closing marks may both follow a dash or another mark.
  if (/[-"']/.test(last)) return undefined;
  const opens = /[\s([]/.test(last);
  return opens === isOpen && attempt(written) < QUOTE_ATTEMPTS ? { from: written } : undefined;
}

/** The letters and apostrophes at a text's end, without apostrophes before the first letter. */
function lastWord(text: string): string {
  const least = Math.max(0, text.length - TAIL);
  let start = text.length;
  while (start > least && isWordUnit(text.charCodeAt(start - 1))) start--;
  while (text[start] === "'") start++;
  return text.slice(start);
}

function isWordUnit(unit: number): boolean {
  const small = unit | 0x20;
  return (small >= 0x61 && small <= 0x7a) || unit === 0x27;
}

/** All text before the last word. */
function textBefore({ text }: StoryText, word: string): string {
  return text.toString().slice(0, -word.length);
}

/** A word without the endings of possession and quotation. */
function baseOf(word: string): string {
  return word.replace(/'(?:s|d|ll|re|ve|t|m)?$/i, '');
}

function occursIn(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const isWhole = !/[A-Za-z]/.test(text[at - 1] ?? ' ') && !/[A-Za-z]/.test(text[at + word.length] ?? ' ');
    if (isWhole) return true;
  }
  return false;
}

/**
 * Length of the longest suffix of a text that also occurs earlier in it; 0 where it is too short for a loop.
 */
export function repeatedLength(text: string): number {
  if (text.length <= LOOP_CHARACTERS) return 0;
  const end = text.slice(-LOOP_CHARACTERS);
  let longest = 0;
  for (
    let at = text.lastIndexOf(end, text.length - LOOP_CHARACTERS - 1);
    at >= 0;
    at = at === 0 ? -1 : text.lastIndexOf(end, at - 1)
  ) {
    let length = LOOP_CHARACTERS;
    while (
      length < at + LOOP_CHARACTERS &&
      text.at(-length - 1) === text[at + LOOP_CHARACTERS - 1 - length]
    ) {
      length++;
    }
    longest = Math.max(longest, length);
  }
  return longest;
}
