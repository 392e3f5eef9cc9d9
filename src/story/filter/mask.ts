/** Vulgar words as they are posted: the first letter, and asterisks for the others. Runs in browsers too. */
import { type FoundWord, findWords } from './find.ts';

/** What stands further before a word is no part of it. */
const TAIL = 200;
/** A word up to whitespace, or the whitespace. */
const WORD = /\S+|\s+/g;

/**
 * A story as it is posted, while it grows. It is as long as the text itself, and what was posted once stays as it is,
 * so long as the text is given up to the ends of words.
 */
export class PostedText {
  readonly #prompt: string;
  #text = '';
  #posted = '';
  /** The end of what was posted: all that the next word can make a word with. */
  #tail = '';

  /** @param prompt the beginning of the text, whose last word may go on */
  constructor(prompt = '') {
    this.#prompt = prompt;
  }

  /** The text as it is posted. */
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

  /** Adds what is new in `text`, which begins with what was taken before. */
  #take(text: string): void {
    const more = text.slice(this.#text.length);
    // Nearly always nothing is to be masked; where something is, it is word by word, as the words may come.
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
      // What is left of a word can be the end of another: f u c k, where the k was that of a longer word.
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

/** A text with a word masked but for its first letter, and for what was posted up to `from` already. */
function maskedFrom(text: string, start: number, end: number, from: number): string {
  const shown = start < from ? from : start + String.fromCodePoint(text.codePointAt(start)!).length;
  return text.slice(0, shown) + '*'.repeat(end - shown) + text.slice(end);
}

/** A whole text as it is posted. */
export function mask(text: string): string {
  return new PostedText().of(text);
}
