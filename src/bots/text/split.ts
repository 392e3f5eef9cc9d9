/**
 * Splits a long text into messages, in the same way while it grows and when it is complete: the content of an
 * earlier message never changes.
 */

/** One message's share of a text. */
export interface Part {
  readonly text: string;
  /**
   * The whitespace between the part before and this one, which no message shows; absent for the first part.
   */
  readonly separator?: string;
}

export interface SplitOptions {
  /** The highest cost of one part. */
  readonly limit: number;
  /** The cost of a string on the platform; additive over characters. */
  readonly cost: (text: string) => number;
  /** Characters at the beginning that are not split, as far as they fit. */
  readonly together?: number;
}

/** A paragraph's end is preferred when it fills at least this share of the limit. */
const LEAST_SHARE = 0.25;

/**
 * Splits between paragraphs where possible, otherwise between words, otherwise between characters; never
 * inside a surrogate pair or between a letter and its marks. `text` is clean (see `sanitise.ts`).
 */
export function splitText(text: string, options: SplitOptions): Part[] {
  const parts: Part[] = [];
  let start = leadingSpace(text, 0);
  let separator = '';
  while (start < text.length) {
    const cut = cutAfter(text, start, options);
    const part = text.slice(start, cut.end).trimEnd();
    if (part !== '') parts.push(parts.length > 0 ? { text: part, separator } : { text: part });
    separator = text.slice(cut.end, cut.next);
    start = cut.next;
  }
  return parts;
}

/** The text of consecutive parts. */
export function joinParts(parts: readonly Part[]): string {
  return parts.map(({ text, separator = '' }, index) => (index === 0 ? text : separator + text)).join('');
}

function cutAfter(text: string, start: number, options: SplitOptions): { end: number; next: number } {
  const { full, least } = fill(text, start, options);
  if (full === text.length) return { end: full, next: full };
  // Whitespace directly after the window also ends a word.
  const earliest = Math.max(start, options.together ?? 0);
  const lineEnd = text.lastIndexOf('\n', full);
  const space = text.lastIndexOf(' ', full);
  const at = lineEnd > Math.max(least, earliest) ? lineEnd : Math.max(space, lineEnd);
  if (at > earliest) {
    let end = at;
    while (isSpace(text[end - 1])) end -= 1;
    if (end > start) return { end, next: leadingSpace(text, at) };
  }
  return { end: full, next: full };
}

/** How far a part can reach, and the point from which it is filled enough. */
function fill(
  text: string,
  start: number,
  { limit, cost }: SplitOptions,
): { readonly full: number; readonly least: number } {
  let spent = 0;
  let least = start;
  let full = start;
  let cluster = start;
  for (const character of text.slice(start, start + limit + 2)) {
    const price = cost(character);
    if (spent + price > limit) {
      // Marks stay with their letter, unless the part has nothing else.
      if (/[\p{M}\u200d]/u.test(character) && cluster > start) full = cluster;
      return { full, least };
    }
    if (!/[\p{M}\u200d]/u.test(character)) cluster = full;
    spent += price;
    full += character.length;
    if (spent <= limit * LEAST_SHARE) least = full;
  }
  return { full, least };
}

function leadingSpace(text: string, from: number): number {
  let index = from;
  while (isSpace(text[index])) index += 1;
  return index;
}

function isSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\n';
}
