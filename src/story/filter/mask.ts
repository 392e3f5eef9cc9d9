/** Masks vulgar words: the first letter stays, and asterisks replace the others. Runs in browsers too. */
import { type FoundWord, findWords } from './find.ts';

/** Text further before a word than this is not part of it. */
const TAIL = 200;
/** A word up to whitespace, or a run of whitespace. */
const WORD = /\S+|\s+/g;

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
