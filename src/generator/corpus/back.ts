/** What stands behind a work: letters, advertisements, notes. */
import { type Block, isRule, keyOf, NEW_SECTION } from './blocks.ts';
import type { Header } from './gutenberg.ts';
import {
  ADVERTISING,
  ANNOUNCEMENT,
  CHAPTER,
  IMPRINT,
  LETTERS,
  LICENCE,
  NOTE,
  NOTES_HEADING,
  THE_END,
  TITLE_PAGE,
} from './patterns.ts';

/** What is behind a work is full of signs of it: no more characters lie between two of them, or behind the last. */
const BETWEEN_SIGNS = 5_000;
/** A sign is no longer: a paragraph of a story may name a town or a price. */
const LONGEST_SIGN = 400;
/** A publisher's praise goes before what shows that it is his by no more than so many characters. */
const LONGEST_PRAISE = 3_500;
const LONGEST_JACKET = 2_500;
const LETTERS_FROM = 0.5;
const LONGEST_HEADING = 60;

/** Leaves out what stands behind a work. */
export function withoutBack(blocks: readonly Block[], header: Header): Block[] {
  const letters = blocks.findIndex(({ flat }, i) => i > blocks.length * LETTERS_FROM && LETTERS.test(flat));
  let end = letters < 0 ? blocks.length : startOfLetters(blocks, letters);
  const title = keyOf(header.title ?? '');
  let characters = 0;
  for (let i = end - 1; i >= 0 && characters <= BETWEEN_SIGNS; i--) {
    const { flat } = blocks[i]!;
    characters += flat.length;
    if (NOTES_HEADING.test(flat) || LICENCE.test(flat) || /^>/.test(flat)) end = i;
    else if (isSign(flat) || (title !== '' && keyOf(flat) === title && isJacket(blocks, i, end)))
      end = startOfPraise(blocks, i);
    else if (!NOTE.test(flat)) continue;
    i = Math.min(i, end);
    characters = 0;
  }
  // Headings and rules whose texts have gone, after a story that says that it is over.
  const over = blocks.slice(0, end).findLastIndex(({ flat }) => THE_END.test(flat));
  if (over >= 0 && blocks.slice(over + 1, end).every(isLoose)) end = over + 1;
  return blocks.slice(0, end);
}

/** The editor's heading and announcements before the first letter belong to it. */
function startOfLetters(blocks: readonly Block[], letters: number): number {
  let start = letters;
  while (start > 0 && blocks[start - 1]!.gap < NEW_SECTION && isLoose(blocks[start - 1]!)) start -= 1;
  return start;
}

/** A line between two texts: a heading, a rule, what is not a sentence. */
function isLoose(block: Block): boolean {
  const { flat } = block;
  if (isRule(block)) return true;
  const isCapitals = flat === flat.toUpperCase() && !THE_END.test(flat);
  return flat.length < LONGEST_HEADING && (isCapitals || !/[.!?"”'’)]$/.test(flat));
}

function isSign(flat: string): boolean {
  if (flat.length > LONGEST_SIGN) return false;
  return [ADVERTISING, IMPRINT, ANNOUNCEMENT, TITLE_PAGE].some((pattern) => pattern.test(flat));
}

/** Whether a title that stands at the end once more is on a jacket: little follows it, and no chapter. */
function isJacket(blocks: readonly Block[], at: number, end: number): boolean {
  const after = blocks.slice(at, end);
  const { flat, gap } = blocks[at]!;
  const isApart = gap >= NEW_SECTION || (at > 0 && isRule(blocks[at - 1]!)) || after.length <= 3;
  return (
    isApart &&
    flat === flat.toUpperCase() &&
    after.reduce((sum, one) => sum + one.flat.length, 0) < LONGEST_JACKET
  );
}

/** Where the praise begins that a block belongs to: under the last heading or gap before it, and after a work's end. */
function startOfPraise(blocks: readonly Block[], at: number): number {
  let characters = 0;
  for (let i = at; i > 0; i--) {
    const block = blocks[i]!;
    characters += block.flat.length;
    if (i < at && (THE_END.test(block.flat) || CHAPTER.test(block.flat))) return i + 1 > at ? at : i + 1;
    if (characters > LONGEST_PRAISE) return at;
    const isAfterRule = isRule(blocks[i - 1]!) && (isHeading(block) || isIndented(block));
    if (block.gap >= NEW_SECTION || isAfterRule) return i;
  }
  return at;
}

function isHeading({ flat, text }: Block): boolean {
  return (
    flat.length < 60 &&
    !/^["“]/.test(flat) &&
    (flat === flat.toUpperCase() || !/[.,;]$/.test(flat)) &&
    text.split('\n').length < 4
  );
}

function isIndented({ text }: Block): boolean {
  return text.split('\n').every((line) => /^ {4}/.test(line));
}
