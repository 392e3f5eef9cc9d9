/**
 * Rules of prose that a temperature cannot keep. Each looks at the text so far and at the next character, and says what
 * is drawn again: to draw again until a rule is kept is to draw from the network's distribution without what breaks it.
 * What a rule says follows from the text, the seed and the number of attempts alone, so that a story is the same alone,
 * in a crowd and resumed. No `node:` imports: a browser writes the same way.
 */
import type { Lexicon } from './lexicon.ts';
import { STREAM, uniformAt } from './sampler.ts';

/** What is to be drawn again. */
export interface Resample {
  /** Position of the first character that does not stand, counted from the first one that was written. */
  readonly from: number;
  /** Text that takes its place; drawn anew where this is absent. */
  readonly instead?: string;
}

/** The text that rules look at. */
export interface StoryText {
  /** Everything that the network has read: context, prompt, and what was written. Called where it is needed. */
  text(): string;
  /** How much of its end was written, an earlier writer's part included. */
  readonly written: number;
  /** Length of `written` when this writer began: what stands before that is not drawn again. */
  readonly first: number;
  /** How often the draw at a position was done before. */
  attempt(position: number): number;
}

export interface StoryRulesOptions {
  /** The words of the model; the rules about words rest without it. */
  readonly lexicon: Lexicon | undefined;
  readonly seed: number;
}

/** Draws at a word that no lexicon knows before it may stand. */
const WORD_ATTEMPTS = 5;
/** Draws at a quotation mark that fits nowhere before it may stand. */
const QUOTE_ATTEMPTS = 5;
/** How often a new name gives way to an earlier one with the same initial. */
const NAME_RETURNS = 0.7;
/** Repetitions of fewer characters are no loop. */
const LOOP_CHARACTERS = 25;
/** As the DRY sampler has it: the penalty in nats of the shortest loop, and its growth with each further character. */
const LOOP_PENALTY = 0.8;
const LOOP_GROWTH = 1.1;
const LOOP_ATTEMPTS = 20;
/** Characters before the present word that decide about it. */
const TAIL = 400;

const WORD_END = /[A-Za-z][A-Za-z']*$/;
const WORD_CHARACTER = /[A-Za-z0-9'\u00c0-\u024f]/;
/** What stands before a capital that need not be a name's: a beginning, an end of a sentence, or an opening mark. */
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

  /** What is drawn again when `next` is to follow the text; undefined where all may stand. */
  look(story: StoryText, next: string): Resample | undefined {
    if (WORD_CHARACTER.test(next)) return undefined;
    const text = story.text();
    const quote = quoteRule(story, text, next);
    if (quote) return quote;
    const word = WORD_END.exec(text.slice(-TAIL))?.[0];
    if (word === undefined) return undefined;
    const from = story.written - word.length;
    if (from < story.first) return undefined;
    return this.#wordRule(story, text, word, from) ?? this.#loopRule(story, text, from);
  }

  /** A word that the model never read is drawn again; a new name gives way to an earlier one now and then. */
  #wordRule(story: StoryText, text: string, word: string, from: number): Resample | undefined {
    const lexicon = this.#lexicon;
    if (!lexicon) return undefined;
    const before = text.slice(0, text.length - word.length);
    // Behind a digit or a letter of another alphabet it is a part of something else.
    if (WORD_CHARACTER.test(before.slice(-1))) return undefined;
    const base = baseOf(word);
    const isCapital = /^[A-Z]/.test(word);
    if (isCapital && !SENTENCE_START.test(before)) return this.#nameRule(story, before, base, from);
    if (story.attempt(from) >= WORD_ATTEMPTS) return undefined;
    if (lexicon.has(word) || lexicon.has(base) || occursIn(before, base)) return undefined;
    return { from };
  }

  #nameRule(story: StoryText, before: string, word: string, from: number): Resample | undefined {
    if (word.length < 2 || this.#lexicon!.isCommon(word) || occursIn(before, word)) return undefined;
    const initial = word[0]!;
    const known = (before.match(NAME) ?? []).filter(
      (name) => name.startsWith(initial) && !this.#lexicon!.isCommon(name),
    );
    const last = known.at(-1);
    if (last === undefined) return undefined;
    const attempt = story.attempt(from);
    const isReturning = attempt === 0 && uniformAt(this.#seed, from, attempt, STREAM.rules) < NAME_RETURNS;
    return isReturning ? { from, instead: last } : undefined;
  }

  /** The longer the repetition that a word completes, the likelier it is drawn again. */
  #loopRule({ written, first, attempt }: StoryText, text: string, from: number): Resample | undefined {
    const length = repeatedLength(text);
    if (length < LOOP_CHARACTERS || length > written - first + LOOP_CHARACTERS) return undefined;
    const tried = attempt(from);
    if (tried >= LOOP_ATTEMPTS) return undefined;
    const stands = Math.exp(-LOOP_PENALTY * LOOP_GROWTH ** (length - LOOP_CHARACTERS));
    return uniformAt(this.#seed, from, tried, STREAM.rules) < stands ? undefined : { from };
  }
}

/** Quotation marks open and close in turn within a paragraph, and none is left open at its end. */
function quoteRule({ written, attempt }: StoryText, text: string, next: string): Resample | undefined {
  if (next !== QUOTE && next !== '\n') return undefined;
  const paragraph = text.slice(text.lastIndexOf('\n') + 1);
  const isOpen = (paragraph.split(QUOTE).length - 1) % 2 === 1;
  const last = paragraph.at(-1) ?? '\n';
  if (next === '\n') {
    return isOpen && !/[\s"]/.test(last) ? { from: written, instead: QUOTE } : undefined;
  }
  // Both kinds may stand behind a dash, and behind another mark.
  if (/[-"']/.test(last)) return undefined;
  const opens = /[\s([]/.test(last);
  return opens === isOpen && attempt(written) < QUOTE_ATTEMPTS ? { from: written } : undefined;
}

/** A word without what possession and quotation add to its end. */
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

/** Length of the longest end of a text that stands in it earlier, too; 0 where that is less than a loop has. */
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
