/** Lists before a work: its table of contents and its list of illustrations. */
import { type Block, isRule, keyOf, NEW_SECTION, PARAGRAPH } from './blocks.ts';
import { CONTENTS_HEADING, ILLUSTRATIONS_HEADING } from './patterns.ts';

const LONGEST_ENTRY = 110;
/** Only this much of a line is matched: patterns with gaps take time quadratic in its length. */
const LONGEST_LINE = 300;
/**
 * Consecutive blocks without a heading above them form a table of contents when at least this many recur
 * later as headings.
 */
const FEWEST_ENTRIES = 3;
const SHORTEST_CAPTION = 13;
/** The page number after an entry. */
const PAGE = /(?:\.{2,}|\s{2,}|_{2,}|--\w+ ?)\s*[\divxl]+$/i;
const ENTRY: readonly RegExp[] = [
  PAGE,
  /^(?:chapter|part|book|page|section|prologue|prelude|epilogue|introduction|foreword|preface|facing|frontispiece|illustration)\b/i,
  /^(?:[ivxlcdm]+|\d+)[.:)\s-]/i,
  /^[\W_]*(?:page|chapter|no)[\W_]*$|(?:frontispiece|headpiece|tailpiece)[\W_]*\d*$/i,
];

/**
 * The indices of list blocks: those below a heading within `window`; others only before the block `prose`,
 * because a story repeats its own words, and captions quote the story.
 *
 * @param annotations the texts from brackets, including the captions that a list of illustrations repeats
 */
export function listsIn(
  blocks: readonly Block[],
  { window, prose }: { readonly window: number; readonly prose: number },
  annotations: readonly string[],
): Set<number> {
  const lists = new Lists(blocks, annotations);
  const found = new Set<number>();
  for (let i = 0; i < window; i++) {
    const { flat } = blocks[i]!;
    if (found.has(i)) continue;
    let end = i;
    if (CONTENTS_HEADING.test(flat) || ILLUSTRATIONS_HEADING.test(flat)) end = lists.endUnder(i);
    else if (i < prose) end = lists.endAt(i, prose);
    for (let entry = i; entry < end; entry++) found.add(entry);
  }
  return found;
}

/** Distinguishes entries of lists from a work's own lines. */
class Lists {
  readonly #blocks: readonly Block[];
  /** The last block that has a line, by the line's key. */
  readonly #lastBlocks: ReadonlyMap<string, number>;
  readonly #captions: ReadonlySet<string>;

  constructor(blocks: readonly Block[], annotations: readonly string[]) {
    this.#blocks = blocks;
    this.#lastBlocks = lastBlocks(blocks);
    this.#captions = new Set(annotations.map((annotation) => keyOf(annotation.replace(/^[^:]*:/, ''))));
  }

  /** The first block after a heading that is not an entry. */
  endUnder(heading: number): number {
    let end = heading + 1;
    for (; end < this.#blocks.length && !isHeading(this.#blocks, end); end++) {
      const isNew = this.#blocks[end]!.gap >= NEW_SECTION && end > heading + 1;
      const isEntry = this.#isRepeated(end) || this.#isPicture(end);
      if (!isEntry && (isNew || !(isListed(this.#blocks[end]!) || isBetweenLists(this.#blocks, end)))) break;
    }
    // The number of the first chapter looks like another entry.
    while (end > heading + 1 && linesOf(this.#blocks[end - 1]!).every((line) => keyOf(line) === '')) end -= 1;
    return end;
  }

  /** The first block after a list that has no heading; `at` when there is no list. */
  endAt(at: number, prose: number): number {
    if (this.#isPicture(at)) return at + 1;
    let end = at;
    let lines = 0;
    while (end < prose && !isRule(this.#blocks[end]!) && this.#isRepeated(end))
      lines += linesOf(this.#blocks[end++]!).length;
    const fewest = end - at < FEWEST_ENTRIES ? FEWEST_ENTRIES + 1 : FEWEST_ENTRIES;
    return lines < fewest ? at : end;
  }

  /** Whether the lines of a block recur further down, as headings do; a number alone is no evidence. */
  #isRepeated(at: number): boolean {
    const block = this.#blocks[at]!;
    const isLater = (line: string) => (this.#lastBlocks.get(keyOf(line)) ?? 0) > at;
    const lines = linesOf(block).filter((line) => keyOf(line) !== '');
    return lines.length > 0 && (lines.every(isLater) || isLater(block.flat));
  }

  #isPicture(at: number): boolean {
    const block = this.#blocks[at]!;
    return [...linesOf(block), block.flat].some(
      (line) => line.length >= SHORTEST_CAPTION && this.#captions.has(keyOf(line)),
    );
  }
}

/** The last block that has a short line, or two short blocks as one, by key. */
function lastBlocks(blocks: readonly Block[]): Map<string, number> {
  const last = new Map<string, number>();
  for (const [i, block] of blocks.entries()) {
    if (block.flat.length > LONGEST_ENTRY) continue;
    const before = i > 0 && blocks[i - 1]!.flat.length <= LONGEST_ENTRY ? blocks[i - 1]!.flat : '';
    for (const key of [block.flat, `${before} ${block.flat}`, ...linesOf(block)].map(keyOf))
      if (key !== '') last.set(key, i);
  }
  return last;
}

function linesOf(block: Block): string[] {
  return block.text.split('\n').map((line) => line.trim().slice(0, LONGEST_LINE));
}

/** Whether text follows a block, so that it is not an entry of a list. */
function isHeading(blocks: readonly Block[], at: number): boolean {
  const next = blocks[at + 1];
  return (
    linesOf(blocks[at]!).length === 1 &&
    !PAGE.test(linesOf(blocks[at]!)[0]!) &&
    next !== undefined &&
    isProse(next)
  );
}

function isProse({ flat, text }: Block): boolean {
  return (
    flat.length >= PARAGRAPH &&
    text.split('\n').every((line, i, all) => i === all.length - 1 || line.length > 45)
  );
}

/** Whether a block is the heading of a further list: entries follow soon. */
function isBetweenLists(blocks: readonly Block[], at: number): boolean {
  return (
    blocks[at]!.flat.length <= LONGEST_ENTRY * 2 &&
    blocks
      .slice(at + 1, at + 3)
      .some((block) => block.gap < NEW_SECTION && linesOf(block).length >= FEWEST_ENTRIES && isListed(block))
  );
}

/** Whether a block looks like entries of a list: numbers before its lines, or page numbers after them. */
function isListed(block: Block): boolean {
  const lines = linesOf(block);
  // A long entry has its page number after its last line; a magazine's entry has a description below its
  // first line.
  if (PAGE.test(lines[0]!) || PAGE.test(lines.at(-1)!)) return true;
  if (lines.some((line) => line.length > LONGEST_ENTRY)) return false;
  const entries = lines.filter((line) => ENTRY.some((pattern) => pattern.test(line))).length;
  return entries >= Math.max(1, lines.length * 0.5);
}
