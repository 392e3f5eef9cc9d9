/** The title of a story: its opening words. Pure. */
import { neutralise } from './paragraphs.ts';

/** Most characters of a title, its ellipsis included. */
export const TITLE_MAX = 60;
/** A first sentence or clause shorter than this is no title alone. */
const CLAUSE_MIN = 12;
/** The title of a story without a word. */
export const UNTITLED = 'Untitled';

const ELLIPSIS = '…';
/** The end of a sentence or of a clause, in front of a space. */
const CLAUSE_END = /[.!?…,;:—–-]+["'”’)\]]*(?=\s)/gu;
/** Punctuation that a title does not end with. A question or exclamation mark stays. */
const TRAILING = /[\s.,;:…—–"'“”‘’()[\]-]+$/u;
/** Characters that a title does not begin with. */
const LEADING = /^[^\p{L}\p{N}]+/u;

/**
 * The title of a story: its first sentence or clause where that fits, otherwise its first words and an ellipsis.
 * It is one line of at most `TITLE_MAX` characters (UTF-16 code units) without control characters; it can hold
 * markup, so the caller escapes it.
 *
 * @param text the whole story, prompt first
 */
export function storyTitle(text: string): string {
  const line = neutralise(text).replace(/\s+/gu, ' ').replace(LEADING, '');
  if (line === '') return UNTITLED;
  const whole = line.replace(TRAILING, '');
  if (whole.length <= CLAUSE_MIN) return capitalised(whole) || UNTITLED;
  for (const { index, 0: mark } of line.matchAll(CLAUSE_END)) {
    const end = index + mark.length;
    if (index > TITLE_MAX) break;
    const clause = line.slice(0, end).replace(TRAILING, '');
    if (clause.length >= CLAUSE_MIN && clause.length <= TITLE_MAX) return capitalised(clause);
  }
  return whole.length <= TITLE_MAX ? capitalised(whole) : capitalised(openingWords(whole));
}

/** The first whole words of a text, with an ellipsis; a single long word is cut. */
function openingWords(text: string): string {
  const head = text.slice(0, TITLE_MAX - ELLIPSIS.length + 1);
  const lastSpace = head.lastIndexOf(' ');
  const cut = lastSpace >= CLAUSE_MIN ? head.slice(0, lastSpace) : head.slice(0, -1);
  // Half of a surrogate pair is no character.
  return cut.replace(/[\ud800-\udbff]$/, '').replace(TRAILING, '') + ELLIPSIS;
}

function capitalised(text: string): string {
  const [first = ''] = text;
  const upper = first.toUpperCase();
  // `ß` becomes two letters, and a title stays within its bound.
  return upper.length === first.length ? upper + text.slice(first.length) : text;
}
