/** Front matter of a work: credits, notes, a publisher's pages, lists, dedications. */
import { type Block, isRule, NEW_SECTION, PARAGRAPH } from './blocks.ts';
import type { Header } from './gutenberg.ts';
import { listsIn } from './lists.ts';
import { EDITORIAL, MASTHEAD } from './magazines.ts';
import {
  ADDRESS,
  CHAPTER,
  CREDIT,
  DEDICATION,
  IMPRINT,
  LICENCE,
  NOTE,
  NOTES_HEADING,
  PREFACE,
  TITLE_PAGE,
} from './patterns.ts';

/** Front matter lies within this many characters, and within this share of the file. */
const FRONT_CHARACTERS = 30_000;
const FRONT_SHARE = 1 / 3;
/** Maximum length of a transcriber's note. */
const LONGEST_NOTE = 1_500;
const LONGEST_DEDICATION = 400;
const LONGEST_IMPRINT = 600;
/** A masthead begins within this many blocks, and its parts are at most this many blocks apart. */
const MASTHEAD_BLOCKS = 40;
/** Maximum size of a publisher's pages, including praise, price and portrait of the author. */
const PAGES_CHARACTERS = 8_000;
const PAGES_SHARE = 0.15;
/** What a publisher says about a work before it. */
const LONGEST_PRAISE = 2_500;
/** Title, author, artist and teaser line are within this many blocks, in any order. */
const TITLE_BLOCKS = 8;
const LONGEST_TITLE = 120;
const SPEECH = 20;
const EDITORIAL_BLOCKS = 15;
/** A longer note is an introduction, and is treated like a preface. */
const LONGEST_EDITORIAL = 800;

/** Removes front matter. What a work says before its first chapter stays: prefaces, mottoes. */
export function withoutFrontMatter(
  blocks: readonly Block[],
  header: Header,
  annotations: readonly string[],
): Block[] {
  const window = windowOf(blocks);
  const masthead = mastheadOf(blocks, window);
  const removed = new Set([
    ...Array(masthead + 1).keys(),
    ...notesIn(blocks, window),
    ...editorialsIn(blocks, window),
  ]);
  for (const index of listsIn(blocks, { window, prose: proseOf(blocks, removed) }, annotations))
    removed.add(index);
  const prose = proseOf(blocks, removed);
  const body = bodyOf(blocks, window, removed);
  const pages = body === undefined ? undefined : publishersPages(blocks, masthead, body);
  if (pages !== undefined && body !== undefined) {
    const motto = mottoIn(blocks, pages.imprint, pages.end, removed);
    const rest = blocks.filter(
      (_, i) => i >= pages.end && !removed.has(i) && !(i < body && isDedication(blocks, i)),
    );
    return [...titlePage(blocks.slice(0, pages.end), header), ...motto, ...rest];
  }
  const before = Math.min(body ?? prose, prose);
  return blocks.filter(({ flat }, i) => {
    if (removed.has(i)) return false;
    if (i < window && i <= prose && (LICENCE.test(flat) || CREDIT.test(flat))) return false;
    if (i < Math.max(before, TITLE_BLOCKS) && flat.length < LONGEST_TITLE && TITLE_PAGE.test(flat))
      return false;
    if (i >= before) return true;
    return !(
      IMPRINT.test(flat) ||
      (flat.length < LONGEST_TITLE && ADDRESS.test(flat)) ||
      (i > 0 && body !== undefined && isDedication(blocks, i))
    );
  });
}

/** The last block of a magazine's masthead before its stories; several blocks near each other must match. */
function mastheadOf(blocks: readonly Block[], window: number): number {
  let [last, count] = [-1, 0];
  for (let i = 0; i < Math.min(window, last + MASTHEAD_BLOCKS); i++) {
    if (!MASTHEAD.test(blocks[i]!.flat)) continue;
    last = i;
    count += 1;
  }
  return count > 1 ? last : -1;
}

/**
 * A publisher's pages before a work: the last imprint and the end of the pages. Undefined when they would be
 * too long: the imprint is then part of a story.
 */
function publishersPages(
  blocks: readonly Block[],
  masthead: number,
  body: number,
): { readonly imprint: number; readonly end: number } | undefined {
  const imprint = blocks
    .slice(0, body)
    .findLastIndex(({ flat }, i) => i > masthead && flat.length < LONGEST_IMPRINT && IMPRINT.test(flat));
  if (imprint < 0) return undefined;
  const end = startAfter(blocks, imprint, body);
  const most = Math.min(PAGES_CHARACTERS, charactersOf(blocks) * PAGES_SHARE);
  return charactersOf(blocks.slice(masthead + 1, end)) > most ? undefined : { imprint, end };
}

/**
 * Where a work begins after a publisher's pages: at its first chapter, or earlier at a section that is too
 * long to be the publisher's.
 */
function startAfter(blocks: readonly Block[], imprint: number, body: number): number {
  for (let start = imprint + 1; start < body; ) {
    const length = blocks.slice(start + 1, body).findIndex(({ gap }) => gap >= NEW_SECTION);
    const end = length < 0 ? body : start + 1 + length;
    if (charactersOf(blocks.slice(start, end)) > LONGEST_PRAISE) return start;
    start = end;
  }
  return body;
}

function charactersOf(blocks: readonly Block[]): number {
  return blocks.reduce((sum, { flat }) => sum + flat.length, 0);
}

/** Number of blocks that are searched for front matter. */
function windowOf(blocks: readonly Block[]): number {
  const most = Math.min(FRONT_CHARACTERS, charactersOf(blocks) * FRONT_SHARE);
  let characters = 0;
  const end = blocks.findIndex(({ flat }) => {
    characters += flat.length;
    return characters > most;
  });
  return end < 0 ? blocks.length : end;
}

/** The first block of a work that has chapters or a preface; undefined when it has neither. */
function bodyOf(blocks: readonly Block[], window: number, removed: ReadonlySet<number>): number | undefined {
  for (let i = 0; i < window; i++) {
    const { flat } = blocks[i]!;
    if (removed.has(i) || !(CHAPTER.test(flat) || PREFACE.test(flat)) || IMPRINT.test(flat)) continue;
    // Text follows a heading; a number in a list of books has none.
    const next = blocks.slice(i + 1, i + 7);
    if (next.some((block) => block.flat.length >= PARAGRAPH || /^["“'‘_]/.test(block.flat))) return i;
  }
  return undefined;
}

/** The first paragraph or direct speech, as opposed to headings and title-page lines. */
function proseOf(blocks: readonly Block[], removed: ReadonlySet<number>): number {
  const found = blocks.findIndex(
    ({ flat }, i) =>
      !removed.has(i) &&
      (flat.length >= PARAGRAPH || (/^["“]/.test(flat) && flat.length >= SPEECH)) &&
      ![CREDIT, NOTE, IMPRINT, TITLE_PAGE, EDITORIAL, LICENCE].some((pattern) => pattern.test(flat)),
  );
  return found < 0 ? blocks.length : found;
}

/** Transcriber's notes: a heading and the text below it, or a paragraph that identifies itself as a note. */
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

/** An editor's introduction to a story, set in italics: all italic blocks when some address the readers. */
function editorialsIn(blocks: readonly Block[], window: number): number[] {
  const found: number[] = [];
  for (let i = 0; i < Math.min(window, EDITORIAL_BLOCKS); i++) {
    let end = i;
    while (end < blocks.length && /^\s*_[^_]*(?:_[^_]+_[^_]*)*_\s*$/.test(blocks[end]!.text)) end += 1;
    const run = blocks.slice(i, Math.max(end, i + 1));
    if (charactersOf(run) <= LONGEST_EDITORIAL && run.some(({ flat }) => EDITORIAL.test(flat)))
      for (const [n] of run.entries()) found.push(i + n);
    i = Math.max(end - 1, i);
  }
  return found;
}

/** Whether a new section begins within a few blocks: the blocks before it then still belong to a note. */
function endsSoon(blocks: readonly Block[], from: number): boolean {
  return blocks.slice(from + 1, from + 4).some((block) => block.gap >= NEW_SECTION - 1 || isRule(block));
}

/** Title and author, as the header states them; without a header the first line that is neither. */
function titlePage(front: readonly Block[], { title, author }: Header): Block[] {
  const isTitle = (block: Block) =>
    !isRule(block) &&
    ![CREDIT, IMPRINT, ADDRESS, NOTE, LICENCE, TITLE_PAGE].some((table) => table.test(block.flat));
  const lines = [title ?? front.find(isTitle)?.flat, author === undefined ? undefined : `by ${author}`];
  return lines.filter((line) => line !== undefined).map((line) => ({ text: line, flat: line, gap: 1 }));
}

/** A motto between a publisher's pages and a work: a quotation with its source below it. */
function mottoIn(
  blocks: readonly Block[],
  imprint: number,
  start: number,
  removed: ReadonlySet<number>,
): Block[] {
  for (let i = start - 1; i > imprint + 1; i--) {
    const [quoted, source] = [blocks[i - 1]!, blocks[i]!];
    if (
      removed.has(i) ||
      removed.has(i - 1) ||
      source.flat.length > LONGEST_TITLE ||
      source.gap >= NEW_SECTION
    )
      continue;
    const lines = quoted.text.split('\n');
    const isVerse =
      lines.length > 1 &&
      lines.some((line) => /[,;:?!.-]$/.test(line)) &&
      /^[A-Z][\w ]+\.$/.test(source.flat);
    if (isVerse || (/^["“‘']/.test(quoted.flat) && /^(?:--|—)/.test(source.flat))) return [quoted, source];
  }
  return [];
}

/** A few separate words before the first chapter. */
function isDedication(blocks: readonly Block[], at: number): boolean {
  const { flat, gap } = blocks[at]!;
  const isApart = gap > 1 || (blocks[at + 1]?.gap ?? 0) >= NEW_SECTION;
  return isApart && flat.length < LONGEST_DEDICATION && DEDICATION.test(flat);
}
