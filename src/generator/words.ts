/**
 * A text as words, for networks that write a word at a time. Nothing is lost: the words one after the other are the
 * text, because a word has the space before it with it, and signs and line ends are words, too. No `node:` imports:
 * a browser reads the same way.
 */
import { fold } from './folding.ts';

/** The endings that English hangs on with an apostrophe; letters; digits; a line end; a sign, or a run of it. */
const WORD =
  /'(?:s|t|d|m|ll|re|ve)(?![\p{L}\p{M}])| ?[\p{L}\p{M}]+| ?\p{N}+|\n| ?([^\s\p{L}\p{M}\p{N}])\1*|./gsu;

/** A word that begins in the last so many characters of a text is seen whole, or is longer than any that is known. */
const TAIL = 64;
const NOT_PLAIN = /[^\n -~]/gu;

/** @returns words whose concatenation is the text */
export function splitWords(text: string): string[] {
  return text.match(WORD) ?? [];
}

/**
 * Whether a text that goes on with a word is read as the text and that word. `the` goes on with ` red`, but not with
 * `re`: that would be one word, and another.
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
 * A text in a typist's characters where those can stand for what is there.
 *
 * @param isKnown whether a character beyond a typist's may stay
 */
export function plainText(text: string, isKnown: (character: string) => boolean): string {
  const isKept = (character: string) => /^[\n -~]$/.test(character) || isKnown(character);
  return text.replaceAll('\r\n', '\n').replace(NOT_PLAIN, (character) => {
    if (isKnown(character)) return character;
    const folded = fold(character, isKept);
    // What nothing stands for stays, and is a word that nobody knows.
    if (folded === null) return character;
    return folded.kind === 'dropped' ? '' : folded.text;
  });
}

/** How often each word occurs in a text, the most frequent first, and alike ones in the order of the alphabet. */
export function countWords(texts: Iterable<string>): [word: string, count: number][] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of splitWords(plainText(text, () => false)))
      counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}
