/**
 * Finds words of the list in a text, and masks the vulgar ones: the first letter stays, and asterisks replace
 * the others. The result up to the end of a word does not depend on the text after the following whitespace,
 * so a text that is shown word by word is never retracted. Runs in browsers too.
 */
import { type Kind, WORD_CLASSES } from './list.ts';
import { kindOf, UNSEEN } from './spelling.ts';

export interface FoundWord {
  /** Its start and end in the text, in UTF-16 code units. */
  readonly start: number;
  readonly end: number;
  readonly kind: Kind;
}

/** A run of letters, signs that may replace letters, and invisible characters. */
interface Part {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const PART = /(?:[a-z]|(?!\s)[\p{L}\p{N}\p{M}\p{So}\p{Cf}\p{Cc}@$])+/gu;
/** One sign in the middle of a word: a hyphen, an apostrophe, a full stop. A longer run counts as a dash. */
const JOINT = /^\S$/;
/** An apostrophe separates words: "who're" is two. */
const APOSTROPHE = /^['\u2019]$/;
const CONTRACTED = /^(?:re|ll|ve|[dmst])$/i;
const PHRASE_JOINT = /^\s{1,3}$/;
/** Most characters between single spelled-out letters, which may include spaces. */
const SPELLED_JOINT_MAX = 3;
/** Signs between letters that may themselves replace letters. */
const LEET_JOINT = /[!|(/¡]/;
const PLAIN = /^[\x20-\x7e]+$/;
/** Text further before a word than this is not part of it. */
const TAIL = 200;
/** A word up to whitespace, or a run of whitespace. */
const WORD = /\S+|\s+/g;
/** No entry, in any disguise, is longer than this many characters. */
const LONGEST = 64;
/** No entry in separated pieces has more letters. */
const LONGEST_JOINED = 24;
/** The beginnings of the last words of the list's phrases. */
const PHRASE_ENDS: readonly string[] = [
  ...new Set(
    WORD_CLASSES.flatMap(({ words }) => words.flatMap((word) => /(?<= )[a-z]+/.exec(word)?.[0] ?? [])),
  ),
];

/**
 * The words of the list in a text, ordered by their ends.
 *
 * @param from only words that end after this are searched
 */
export function findWords(text: string, from = 0): FoundWord[] {
  let parts = partsOf(text, wordStart(text, from));
  // Only single letters and ends of phrases reach back over whitespace.
  if (from > 0 && parts[0] && (isSingle(parts[0].text) || endsPhrase(parts[0].text))) {
    parts = partsOf(text, wordStart(text, Math.max(0, from - LONGEST)));
  }
  return parts.flatMap((part, last) => (part.end > from ? foundAt(text, parts, last) : []));
}

/** Whether a text has a slur, so that a prompt with it is declined. */
export function hasSlur(text: string): boolean {
  return findWords(text.replace(UNSEEN, '')).some(({ kind }) => kind === 'slur');
}

/** The start of the word that ends at `end` or continues after it; `end` itself after whitespace. */
export function wordStart(text: string, end: number): number {
  let start = end;
  while (start > 0 && !isSpace(text[start - 1]!)) start--;
  return start;
}

function partsOf(text: string, from: number): Part[] {
  return [...text.slice(from).matchAll(PART)].map((match) => ({
    start: from + match.index,
    end: from + match.index + match[0].length,
    text: match[0],
  }));
}

/** Whether a part is one letter. */
function isSingle(text: string): boolean {
  return text.length === 1 || (!PLAIN.test(text) && [...text.replace(UNSEEN, '')].length === 1);
}

function endsPhrase(text: string): boolean {
  const word = text.toLowerCase();
  return PHRASE_ENDS.some((beginning) => word.startsWith(beginning));
}

/**
 * The words that end with one of the parts: the part itself, its combination with earlier parts, or a phrase.
 */
function foundAt(text: string, parts: readonly Part[], last: number): FoundWord[] {
  const { start, end, ...part } = parts[last]!;
  const kind = kindOf(part.text);
  if (kind) return [{ start, end, kind }];
  const found: FoundWord[] = [];
  let joined = part.text;
  let isSpelled = isSingle(part.text);
  for (let first = last - 1; first >= 0; first--) {
    const before = parts[first]!;
    const behind = parts[first + 1]!;
    const joint = text.slice(before.end, behind.start);
    isSpelled &&= isSingle(before.text);
    const isJoined = JOINT.test(joint) && !(APOSTROPHE.test(joint) && CONTRACTED.test(behind.text));
    const isNear = isSpelled && joint.length <= SPELLED_JOINT_MAX;
    // A part that matches by itself was already found at its own end.
    if (!(isJoined || isNear) || end - before.start > LONGEST || kindOf(before.text)) break;
    joined = before.text + joined;
    if (joined.length > LONGEST_JOINED) break;
    const spellings = LEET_JOINT.test(joint) ? [joined, text.slice(before.start, end)] : [joined];
    const joinedKind = spellings.map(kindOf).find((some) => some !== undefined);
    if (joinedKind) found.push({ start: before.start, end, kind: joinedKind });
  }
  const phrase = phraseAt(text, parts, last);
  return phrase ? [...found, phrase] : found;
}

function phraseAt(text: string, parts: readonly Part[], last: number): FoundWord | undefined {
  const { start, end, text: word } = parts[last]!;
  const before = parts[last - 1];
  if (!before || !endsPhrase(word) || kindOf(before.text)) return undefined;
  if (!PHRASE_JOINT.test(text.slice(before.end, start))) return undefined;
  const kind = kindOf(`${before.text} ${word}`);
  return kind && { start: before.start, end, kind };
}

function isSpace(character: string): boolean {
  return /\s/.test(character);
}

/**
 * The posted form of a growing story. It is as long as the text itself, and posted text does not change, as
 * long as the text is passed up to the ends of words.
 */
export class PostedText {
  readonly #prompt: string;
  #text = '';
  #posted = '';
  /** The end of the posted text: everything that the next word can combine with. */
  #tail = '';

  /** @param prompt the beginning of the text, whose last word may continue */
  constructor(prompt = '') {
    this.#prompt = prompt;
  }

  /** The posted form of the text. */
  of(text: string): string {
    if (!text.startsWith(this.#text)) {
      this.#text = '';
      this.#posted = '';
      this.#tail = '';
    }
    if (this.#text === '' && text.startsWith(this.#prompt)) this.#take(this.#prompt);
    this.#take(text);
    return this.#posted;
  }

  /** Adds the new part of `text`, which begins with the earlier text. */
  #take(text: string): void {
    const more = text.slice(this.#text.length);
    // The common case has nothing to mask; otherwise words are masked one at a time, as they may arrive.
    if (vulgarIn(this.#tail + more, this.#tail.length).length === 0) this.#add(more);
    else for (const [word] of more.matchAll(WORD)) this.#addMasked(word);
    this.#text = text;
  }

  #addMasked(word: string): void {
    const from = this.#tail.length;
    let posted = this.#tail + word;
    for (;;) {
      const masked = vulgarIn(posted, from).reduce(
        (before, { start, end }) => maskedFrom(before, start, end, from),
        posted,
      );
      // The rest of a masked word can end another one: f u c k, where the k was part of a longer word.
      if (masked === posted) break;
      posted = masked;
    }
    this.#add(posted.slice(from));
  }

  #add(posted: string): void {
    this.#posted += posted;
    this.#tail = (this.#tail + posted).slice(-TAIL);
  }
}

function vulgarIn(text: string, from: number): FoundWord[] {
  return findWords(text, from).filter(({ kind }) => kind === 'vulgar');
}

/** A text with a word masked, except its first letter and the text posted up to `from`. */
function maskedFrom(text: string, start: number, end: number, from: number): string {
  const shown = start < from ? from : start + String.fromCodePoint(text.codePointAt(start)!).length;
  return text.slice(0, shown) + '*'.repeat(end - shown) + text.slice(end);
}

/** The posted form of a complete text. */
export function mask(text: string): string {
  return new PostedText().of(text);
}
