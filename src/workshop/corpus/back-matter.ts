/** Back matter of a work: letters, advertisements, notes. */
import { type Block, isRule, keyOf, NEW_SECTION } from './blocks.ts';
import type { Header } from './gutenberg.ts';
import { isAnnouncement, LETTER, LETTERS } from './magazines.ts';
import {
  ADDRESS,
  ADVERTISING,
  CHAPTER,
  HINT,
  IMPRINT,
  LICENCE,
  NOTE,
  NOTES_AT_END,
  NOTES_HEADING,
  THE_END,
  TITLE_PAGE,
} from './patterns.ts';

/** Maximum number of characters between two signs of back matter, or after the last one. */
const BETWEEN_SIGNS = 5_000;
/** Maximum length of a sign; a longer block is a paragraph of a story, which may name a town or a price. */
const LONGEST_SIGN = 400;
/** A publisher's praise starts at most this many characters before the block that identifies it. */
const LONGEST_PRAISE = 3_500;
const LONGEST_JACKET = 2_500;
const LETTERS_FROM = 0.5;
/** A story may contain one or two letters to an editor. */
const FEWEST_LETTERS = 3;
const LONGEST_HEADING = 60;

/** Removes the back matter of a work. */
export function withoutBackMatter(blocks: readonly Block[], header: Header): Block[] {
  let end = startOfLetters(blocks);
  let characters = 0;
  for (let i = end - 1; i >= 0 && characters <= BETWEEN_SIGNS; i--) {
    const { flat } = blocks[i]!;
    characters += flat.length;
    if (NOTES_HEADING.test(flat) || NOTES_AT_END.test(flat) || LICENCE.test(flat)) end = i;
    else if (isSign(blocks[i]!) || isJacket(blocks, i, end, header)) end = startOfPraise(blocks, i);
    else if (![NOTE, HINT, ADDRESS].some((table) => table.test(flat))) continue;
    i = Math.min(i, end);
    characters = 0;
  }
  // Headings and rules that are left without their texts, after the line that ends the story.
  const over = blocks.slice(0, end).findLastIndex(({ flat }) => THE_END.test(flat));
  if (over >= 0 && blocks.slice(over + 1, end).every(isLoose)) end = over + 1;
  return blocks.slice(0, end);
}

/**
 * Where a magazine's letters begin, including the headings and announcements before them; the end when there
 * are none.
 */
function startOfLetters(blocks: readonly Block[]): number {
  const from = Math.ceil(blocks.length * LETTERS_FROM);
  const isLetter = ({ flat }: Block, i: number) => i >= from && LETTER.test(flat);
  const hasMany = blocks.filter(isLetter).length >= FEWEST_LETTERS;
  let start = blocks.findIndex(
    (block, i) => (i >= from && LETTERS.test(block.flat)) || (hasMany && isLetter(block, i)),
  );
  if (start < 0) return blocks.length;
  for (; start > 0 && isLoose(blocks[start - 1]!); start--)
    if (blocks[start - 1]!.gap >= NEW_SECTION) return start - 1;
  return start;
}

/** A line between two texts: a heading, a rule, or a line that is not a sentence. */
function isLoose(block: Block): boolean {
  const { flat } = block;
  if (isRule(block)) return true;
  const isCapitals = flat === flat.toUpperCase() && !THE_END.test(flat);
  return flat.length < LONGEST_HEADING && (isCapitals || !/[.!?"”'’)]$/.test(flat));
}

function isSign(block: Block): boolean {
  if (block.flat.length > LONGEST_SIGN) return false;
  return [ADVERTISING, IMPRINT, TITLE_PAGE].some((table) => table.test(block.flat)) || isAnnouncement(block);
}

/**
 * Whether a title that is repeated at the end belongs to a jacket: little text follows it, and either its
 * author's name or no direct speech.
 */
function isJacket(blocks: readonly Block[], at: number, end: number, { title, author }: Header): boolean {
  const { flat, gap } = blocks[at]!;
  if (title === undefined || keyOf(flat) !== keyOf(title) || flat !== flat.toUpperCase()) return false;
  const after = blocks.slice(at + 1, end);
  if (after.reduce((sum, one) => sum + one.flat.length, 0) > LONGEST_JACKET) return false;
  const isApart = gap >= NEW_SECTION || (at > 0 && isRule(blocks[at - 1]!)) || after.length < 3;
  const hasAuthor =
    author !== undefined && after[0] !== undefined && surnameOf(after[0].flat) === surnameOf(author);
  return isApart && (hasAuthor || after.filter((one) => /^["“]/.test(one.flat)).length < 2);
}

function surnameOf(name: string): string | undefined {
  return name
    .toLowerCase()
    .match(/[a-z]+/g)
    ?.at(-1);
}

/**
 * Where the praise that contains a block begins: at the last separate heading or excerpt before it, but never
 * before the end of a work or inside a chapter.
 */
function startOfPraise(blocks: readonly Block[], at: number): number {
  let characters = 0;
  for (let i = at; i > 0; i--) {
    const block = blocks[i]!;
    characters += block.flat.length;
    if (characters > LONGEST_PRAISE || (i < at && (THE_END.test(block.flat) || CHAPTER.test(block.flat))))
      return at;
    const isApart = block.gap >= NEW_SECTION || isRule(blocks[i - 1]!);
    if (isApart && isRule(block)) continue;
    if (isApart) return isHeading(block) || isIndented(block) ? i : at;
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
