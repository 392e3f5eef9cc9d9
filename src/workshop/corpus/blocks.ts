/** A work as blocks of lines between blank lines, with the facts that the layout gives. */

export interface Block {
  /** The lines, unchanged. */
  readonly text: string;
  /**
   * The lines joined into one, with single spaces and without underscores, so that a pattern can match across
   * line ends.
   */
  readonly flat: string;
  /**
   * Blank lines before the block. Volunteers leave one between paragraphs, two before a scene and four before
   * a chapter.
   */
  readonly gap: number;
}

/** Number of blank lines that marks a new section. */
export const NEW_SECTION = 3;
/** Minimum length in characters of a paragraph; a shorter block is a heading. */
export const PARAGRAPH = 200;
/** Only this much of a longer line is used. */
const LONGEST_KEY = 300;
/** A row of asterisks, dashes or dots. */
const RULE = /^[\s*.+#=~_\-\u2022\u00b7\u2013\u2014\u2015]{3,}$/;

export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let lines: string[] = [];
  let [gap, next] = [0, 0];
  const close = () => {
    if (lines.length === 0) return;
    const block = lines.join('\n');
    blocks.push({ text: block, flat: flatten(block), gap });
    lines = [];
    next = 0;
  };
  for (const line of text.split('\n')) {
    if (/\S/.test(line)) {
      if (lines.length === 0) gap = next;
      lines.push(line.trimEnd());
    } else {
      close();
      next += 1;
    }
  }
  close();
  return blocks;
}

function flatten(text: string): string {
  return text.replaceAll('_', '').replace(/\s+/g, ' ').trim();
}

/** Whether a block is only a separator. */
export function isRule(block: Block): boolean {
  return RULE.test(block.text) || block.flat === '*';
}

/** A line as a key: in lower case, without its number, page and dots; '' for a number alone. */
export function keyOf(line: string): string {
  const key = line
    .slice(0, LONGEST_KEY)
    .toLowerCase()
    .replace(/(?:[.\s_]{2,}|\s)\d+\s*$/, '')
    .replace(/^[\W_]*(?:chapter|book|part)?[\W_]*(?:[ivxlcdm]+|\d+)[.:)\s-]+/, '')
    .normalize('NFKD')
    .replace(/[^a-z0-9]+/g, '');
  return /^(?:chapter|book|part|page)?(?:[ivxlcdm]*|\d*)$/.test(key) ? '' : key;
}
