/**
 * Splits a text into words, for networks that write a word at a time. Nothing is lost: the concatenated words
 * are the text, because a word includes the space before it, and signs and line ends are words, too. No
 * `node:` imports: a browser reads the same way.
 */
import { fold } from './folding.ts';

/** Endings after an apostrophe in English; letters; digits; a line end; a sign, or a run of it. */
const WORD =
  /'(?:s|t|d|m|ll|re|ve)(?![\p{L}\p{M}])| ?[\p{L}\p{M}]+| ?\p{N}+|\n| ?([^\s\p{L}\p{M}\p{N}])\1*|./gsu;

/**
 * A word that begins within this many last characters of a text is seen whole, or is longer than any known
 * word.
 */
const TAIL = 64;
const NOT_PLAIN = /[^\n -~]/gu;

/** @returns words whose concatenation is the text */
export function splitWords(text: string): string[] {
  return text.match(WORD) ?? [];
}

/**
 * Whether a text followed by a word is read as the text and that word. `the` may be followed by ` red`, but
 * not by `re`: that would be one other word.
 */
export function mayFollow(text: string, word: string): boolean {
  const tail = text.slice(-TAIL);
  let end = 0;
  for (const part of splitWords(tail + word)) {
    if (end >= tail.length) break;
    end += part.length;
  }
  return end === tail.length;
}

/**
 * Replaces characters by those of a typewriter where these can represent them.
 *
 * @param isKnown whether a character beyond a typewriter's may stay
 */
export function plainText(text: string, isKnown: (character: string) => boolean): string {
  const isKept = (character: string) => /^[\n -~]$/.test(character) || isKnown(character);
  return text.replaceAll('\r\n', '\n').replace(NOT_PLAIN, (character) => {
    if (isKnown(character)) return character;
    const folded = fold(character, isKept);
    // A character without a replacement stays, and its word is unknown.
    if (folded === null) return character;
    return folded.kind === 'dropped' ? '' : folded.text;
  });
}

/**
 * The number of occurrences of each word in a text, the most frequent first, equally frequent ones in
 * alphabetical order.
 */
export function countWords(texts: Iterable<string>): [word: string, count: number][] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of splitWords(plainText(text, () => false)))
      counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}
