/** What stands before a work: credits, notes, a publisher's pages, lists, to whom it is given. */
import { type Block, isRule, keyOf, NEW_SECTION, PARAGRAPH } from './blocks.ts';
import type { Header } from './gutenberg.ts';
import { listsIn } from './lists.ts';
import {
  CHAPTER,
  CREDIT,
  DEDICATION,
  EDITORIAL,
  IMPRINT,
  LICENCE,
  MASTHEAD,
  NOTE,
  NOTES_HEADING,
  PREFACE,
  TITLE_PAGE,
} from './patterns.ts';

/** All that is before a work is within so many characters, and within this share of the file. */
const FRONT_CHARACTERS = 30_000;
const FRONT_SHARE = 1 / 3;
/** A note of the transcriber's is no longer. */
const LONGEST_NOTE = 1_500;
const LONGEST_DEDICATION = 400;

/** Leaves out what stands before a work. What a work says before its first chapter stays: prefaces, mottoes. */
export function withoutFront(blocks: readonly Block[], header: Header, asides: readonly string[]): Block[] {
  const window = windowOf(blocks);
  const masthead = blocks.slice(0, window).findLastIndex(({ flat }) => MASTHEAD.test(flat));
  const gone = listsIn(blocks, window, asides);
  for (let i = 0; i <= masthead; i++) gone.add(i);
  for (const place of notesIn(blocks, window)) gone.add(place);
  const body = bodyOf(blocks, window, gone);
  const imprint = blocks
    .slice(0, body ?? proseOf(blocks, gone))
    .findLastIndex(({ flat }, i) => i > masthead && IMPRINT.test(flat));
  if (imprint >= 0 && body !== undefined) {
    const motto = mottoIn(blocks, imprint, body, gone);
    const rest = blocks.slice(body).filter((_, i) => !gone.has(body + i));
    return [...titlePage(blocks.slice(0, body), header), ...motto, ...rest];
  }
  const prose = proseOf(blocks, gone);
  const before = body ?? prose;
  return blocks.filter((block, i) => {
    if (gone.has(i)) return false;
    const { flat } = block;
    if (i < window && (LICENCE.test(flat) || (CREDIT.test(flat) && i <= prose))) return false;
    if (i >= before) return true;
    if (IMPRINT.test(flat) || TITLE_PAGE.test(flat) || EDITORIAL.test(flat)) return false;
    return !(i > 0 && body !== undefined && isDedication(block));
  });
}

/** How many blocks what stands before a work is among. */
function windowOf(blocks: readonly Block[]): number {
  const all = blocks.reduce((sum, { flat }) => sum + flat.length, 0);
  const most = Math.min(FRONT_CHARACTERS, all * FRONT_SHARE);
  let characters = 0;
  const end = blocks.findIndex(({ flat }) => {
    characters += flat.length;
    return characters > most;
  });
  return end < 0 ? blocks.length : end;
}

/** The first block of a work that has chapters or a preface; undefined where there are neither. */
function bodyOf(blocks: readonly Block[], window: number, gone: ReadonlySet<number>): number | undefined {
  for (let i = 0; i < window; i++) {
    const { flat } = blocks[i]!;
    if (gone.has(i) || !(CHAPTER.test(flat) || PREFACE.test(flat)) || IMPRINT.test(flat)) continue;
    // A heading has a text under it; a number in a list of books has not.
    const next = blocks.slice(i + 1, i + 7);
    if (next.some((block) => block.flat.length >= PARAGRAPH || /^["“'‘_]/.test(block.flat))) return i;
  }
  return undefined;
}

/** The first paragraph, as opposed to headings and lines of a title page. */
function proseOf(blocks: readonly Block[], gone: ReadonlySet<number>): number {
  const found = blocks.findIndex(
    ({ flat }, i) =>
      !gone.has(i) &&
      flat.length >= PARAGRAPH &&
      ![CREDIT, NOTE, IMPRINT, TITLE_PAGE, EDITORIAL, LICENCE].some((pattern) => pattern.test(flat)),
  );
  return found < 0 ? blocks.length : found;
}

/** Notes of those who made the file: a heading and what is under it, or a paragraph that says so itself. */
function notesIn(blocks: readonly Block[], window: number): number[] {
  const found: number[] = [];
  for (let i = 0; i < window; i++) {
    if (!NOTES_HEADING.test(blocks[i]!.flat)) continue;
    found.push(i);
    let characters = 0;
    for (let next = i + 1; next < window; next++) {
      const { flat, gap } = blocks[next]!;
      characters += flat.length;
      const isUnder = gap < NEW_SECTION - 1 && !isRule(blocks[next]!) && endsSoon(blocks, next);
      if (
        characters > LONGEST_NOTE ||
        !(NOTE.test(flat) || (isUnder && next > i + 1) || (isUnder && flat.length < PARAGRAPH))
      )
        break;
      found.push(next);
      i = next;
    }
  }
  return found;
}

/** Whether something new begins within a few blocks: what is before it then still belongs to a note. */
function endsSoon(blocks: readonly Block[], from: number): boolean {
  return blocks.slice(from + 1, from + 4).some((block) => block.gap >= NEW_SECTION - 1 || isRule(block));
}

/** Title and author, as the header has them; without a header the first block. */
function titlePage(front: readonly Block[], { title, author }: Header): Block[] {
  const lines = title === undefined ? [front.find((block) => !isRule(block))?.flat ?? ''] : [title];
  if (author !== undefined) lines.push(`by ${author}`);
  return lines.filter((line) => line !== '').map((line) => ({ text: line, flat: line, gap: 1 }));
}

/** What is quoted between a publisher's pages and a work: something that has a source under it. */
function mottoIn(
  blocks: readonly Block[],
  imprint: number,
  body: number,
  gone: ReadonlySet<number>,
): Block[] {
  const source = blocks.findLastIndex(
    ({ flat }, i) =>
      i > imprint + 1 &&
      i < body &&
      flat.length < 80 &&
      /^(?:--|—)\s*\S|^[_"“]?[A-Z][\w .]+[._"”]*$/.test(flat),
  );
  const quoted = blocks[source - 1];
  if (source < 0 || !quoted || gone.has(source) || gone.has(source - 1)) return [];
  const isQuoted = /^[_"“‘']/.test(quoted.flat) || quoted.text.split('\n').length > 1;
  const isMotto = isQuoted && quoted.flat.length < 600 && !isDedication(quoted) && keyOf(quoted.flat) !== '';
  return isMotto && /^(?:--|—)/.test(blocks[source]!.flat) ? [quoted, blocks[source]!] : [];
}

function isDedication({ flat }: Block): boolean {
  return flat.length < LONGEST_DEDICATION && DEDICATION.test(flat);
}
