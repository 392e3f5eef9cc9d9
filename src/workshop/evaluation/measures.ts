/**
 * Statistics of stories and of passages of human text that are cut the same way, to compare the two. Pure.
 */
import type { Lexicon } from '../../generator/lexicon.ts';
import type { TrainingText } from './training-text.ts';

/** A text to measure. */
export interface Passage {
  readonly text: string;
  /** Number of characters at the beginning that a user wrote and that are not measured. */
  readonly promptLength: number;
}

/** The statistics of a group of passages. Shares are from 0 to 1. */
export interface Measures {
  readonly stories: number;
  /** Mean length in characters. */
  readonly characters: number;
  /** Lower-case words that the lexicon has. */
  readonly realWords: number;
  /** Runs of four words that occurred earlier in the same story; the mean over the stories. */
  readonly repeatedRuns: number;
  /** Runs of three words that the training text contains; null when it is not available. */
  readonly seenRuns: number | null;
  /** Distinct runs of four words among those of all stories together. */
  readonly distinctRuns: number;
  /** Stories in which a run of 40 characters occurs three times. */
  readonly loops: number;
  /**
   * Characters of the longest copy of the training text in any story; 0 for fewer than 31; null without that
   * text.
   */
  readonly longestCopy: number | null;
  /** Stories with a copy of more than 50 characters. */
  readonly copies: number | null;
  /** Words per sentence: mean and standard deviation. */
  readonly sentenceWords: number;
  readonly sentenceSpread: number;
  /** Mean characters per paragraph. */
  readonly paragraphCharacters: number;
  /** Characters inside quotation marks. */
  readonly spoken: number;
  /**
   * Paragraphs with an odd number of quotation marks, except those of a speech that continues in the next
   * paragraph.
   */
  readonly oddQuotes: number;
  /** Distinct names per story, and those that recur. */
  readonly names: number;
  readonly namesAgain: number;
  /** Stories that end with a complete sentence. */
  readonly wholeEndings: number;
}

const WORD = /[A-Za-z]+(?:'[A-Za-z]+)*/g;
const POSSESSION = /'(?:s|d|ll|re|ve|t|m)$/;
const SENTENCE = /(?<=[.!?])["')\]]*\s+(?=["'(A-Z])|\n+/;
const ENDING = /[.!?]["')\]]*$/;
const RUN_WORDS = 4;
const LOOP_CHARACTERS = 40;
const LOOP_TIMES = 3;
/** Minimum length of a noticeable copy. */
export const COPY_CHARACTERS = 50;
/** Capitalized words that are not names. */
const NO_NAMES = /^I(?:'|$)/;

/**
 * Measures a group of passages together.
 *
 * @param lexicon the words of the model
 * @param training the text that it was trained on; undefined when it is not available
 * @throws RangeError when there are no passages
 */
export function measure(
  passages: readonly Passage[],
  lexicon: Lexicon,
  training: TrainingText | undefined,
): Measures {
  if (passages.length === 0) throw new RangeError('Expected `passages` to hold at least one, got none.');
  const own = passages.map(({ text, promptLength }) => text.slice(promptLength));
  const words = own.map((text) => wordsOf(text));
  const small = words.flat().filter((word) => /^[a-z]/.test(word));
  const runs = words.map((some) => runsOf(some));
  const allRuns = runs.flat();
  const seen = training && own.map((text) => training.seenRuns(text));
  const copies = training && own.map((text) => training.longestCopy(text));
  const sentences = own
    .flatMap((text) => text.split(SENTENCE))
    .map((sentence) => wordsOf(sentence).length)
    .filter((length) => length > 0);
  const paragraphs = passages.map(({ text }) => text.split('\n').filter((line) => line.trim() !== ''));
  const names = passages.map(({ text }) => namesOf(text, lexicon));
  const characters = sum(passages.map(({ text }) => text.length));
  const sentenceWords = mean(sentences);
  return {
    stories: passages.length,
    characters: characters / passages.length,
    realWords: small.filter((word) => isKnown(word, lexicon)).length / Math.max(1, small.length),
    repeatedRuns: mean(runs.map((some) => 1 - new Set(some).size / Math.max(1, some.length))),
    seenRuns: seen ? sum(seen.map((one) => one.seen)) / Math.max(1, sum(seen.map((one) => one.all))) : null,
    distinctRuns: new Set(allRuns).size / Math.max(1, allRuns.length),
    loops: mean(own.map((text) => Number(hasLoop(text)))),
    longestCopy: copies ? copies.reduce((a, b) => Math.max(a, b), 0) : null,
    copies: copies ? mean(copies.map((length) => Number(length > COPY_CHARACTERS))) : null,
    sentenceWords,
    sentenceSpread: Math.sqrt(mean(sentences.map((length) => (length - sentenceWords) ** 2))),
    paragraphCharacters: characters / Math.max(1, sum(paragraphs.map((some) => some.length))),
    spoken: sum(paragraphs.flat().map(spokenCharacters)) / characters,
    oddQuotes: sum(paragraphs.map(oddQuotes)) / Math.max(1, sum(paragraphs.map((some) => some.length))),
    names: mean(names.map(({ all }) => all)),
    namesAgain: sum(names.map(({ again }) => again)) / Math.max(1, sum(names.map(({ all }) => all))),
    wholeEndings: mean(passages.map(({ text }) => Number(ENDING.test(text.trimEnd())))),
  };
}

/**
 * Cuts passages of human text as stories are cut: each begins with a paragraph and ends with the last
 * sentence within a length. They are spread evenly over the text; a passage without a sentence end in its
 * second half is left out.
 *
 * @param text works that each begin with U+0003
 */
export function cutPassages(text: string, count: number, length: number): Passage[] {
  const starts = [...text.matchAll(/\n\n(?=[A-Z"'])/g)].map(({ index }) => index + 2);
  if (starts.length === 0) return [];
  return Array.from({ length: count }, (_, n) => {
    const start = starts[Math.floor(((n + 0.5) * starts.length) / count)]!;
    const piece = text.slice(start, start + length).split('\u0003')[0]!;
    const ends = [...`${piece} `.matchAll(/[.!?]["')\]]*(?=\s)/g)].map((end) => end.index + end[0].length);
    return { text: piece.slice(0, ends.at(-1) ?? 0), promptLength: 0 };
  }).filter((passage) => passage.text.length >= length / 2);
}

/** The measures in which human text and stories are compared, and the difference that a reader notices. */
const NOTICED: Partial<Record<keyof Measures, number>> = {
  realWords: 0.005,
  repeatedRuns: 0.01,
  seenRuns: 0.05,
  distinctRuns: 0.01,
  sentenceWords: 4,
  sentenceSpread: 4,
  paragraphCharacters: 100,
  spoken: 0.1,
  oddQuotes: 0.03,
  names: 1.5,
  namesAgain: 0.15,
};

/**
 * How much stories differ from human text in each of the compared measures: 1 is a difference that a reader
 * notices, negative where stories have less.
 */
export function differences(stories: Measures, human: Measures): Map<keyof Measures, number> {
  const found = new Map<keyof Measures, number>();
  for (const [name, noticed] of Object.entries(NOTICED) as [keyof Measures, number][]) {
    const [one, other] = [stories[name], human[name]];
    if (one !== null && other !== null) found.set(name, (one - other) / noticed);
  }
  return found;
}

/**
 * The distance of stories from human text: the mean of the differences' sizes, of which each counts at most
 * 2.
 */
export function distance(stories: Measures, human: Measures): number {
  const sizes = [...differences(stories, human).values()].map((value) => Math.min(2, Math.abs(value)));
  return mean(sizes);
}

function wordsOf(text: string): string[] {
  return text.match(WORD) ?? [];
}

function isKnown(word: string, lexicon: Lexicon): boolean {
  return lexicon.has(word) || lexicon.has(word.replace(POSSESSION, ''));
}

function runsOf(words: readonly string[]): string[] {
  const small = words.map((word) => word.toLowerCase());
  return small.slice(RUN_WORDS - 1).map((_, i) => small.slice(i, i + RUN_WORDS).join(' '));
}

function hasLoop(text: string): boolean {
  const places = new Map<string, number[]>();
  for (let at = 0; at + LOOP_CHARACTERS <= text.length; at++) {
    const piece = text.slice(at, at + LOOP_CHARACTERS);
    const found = places.get(piece) ?? [];
    if (found.length > 0 && at - found.at(-1)! < LOOP_CHARACTERS) continue;
    found.push(at);
    if (found.length >= LOOP_TIMES) return true;
    places.set(piece, found);
  }
  return false;
}

function spokenCharacters(paragraph: string): number {
  return sum(
    paragraph
      .split('"')
      .filter((_, i) => i % 2 === 1)
      .map(({ length }) => length),
  );
}

function oddQuotes(paragraphs: readonly string[]): number {
  return paragraphs.filter((paragraph, i) => {
    const goesOn = paragraphs[i + 1]?.trimStart().startsWith('"') === true;
    return paragraph.split('"').length % 2 === 0 && !goesOn;
  }).length;
}

function namesOf(text: string, lexicon: Lexicon): { readonly all: number; readonly again: number } {
  const names = new Set<string>();
  for (const sentence of text.split(SENTENCE)) {
    for (const word of wordsOf(sentence).slice(1)) {
      const base = word.replace(POSSESSION, '');
      const isName = /^[A-Z]./.test(base) && !NO_NAMES.test(base) && !lexicon.isCommon(base);
      if (isName) names.add(base);
    }
  }
  const counts = new Map<string, number>();
  for (const word of wordsOf(text)) {
    const base = word.replace(POSSESSION, '');
    counts.set(base, (counts.get(base) ?? 0) + 1);
  }
  return { all: names.size, again: [...names].filter((name) => counts.get(name)! > 1).length };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / Math.max(1, values.length);
}
