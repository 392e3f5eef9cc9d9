/**
 * The text of one story while it is written: where it may end, and how much of it is certain. Its state
 * depends on the prompt, the length and the characters so far only, so another worker that resumes from a
 * snapshot reaches the same end.
 */
import { GrowingText } from './growing-text.ts';

/**
 * Near the limit only whole sentences are certain, since the story will be cut at the end of one. A sentence
 * longer than this has no such end, and is ended by force.
 */
export const LANDING_CHARACTERS = 160;
/**
 * After a sentence's end, the next one is not begun with less room than this, or than this share of the
 * whole.
 */
const LAST_SENTENCE_CHARACTERS = 80;
const LAST_SENTENCE_SHARE = 0.2;
/** In a story shorter than this, `eosId` does not end it. */
const SHORTEST_WORK_CHARACTERS = 50;

const SENTENCE_END = /[.!?]["')\]]*$/;
const PARAGRAPH_END = /(?:[.!?"')\]]|--|THE END|The End)$/;
/** A full stop after these does not end a sentence: titles, initials, common abbreviations. */
const ABBREVIATION =
  /(?:^|[\s("'[])(?:[A-HJ-Z]|[A-Za-z](?:\.[A-Za-z])+|Mr|Mrs|Ms|Dr|Prof|St|Capt|Lt|Col|Gen|Sgt|Maj|Rev|Hon|Jr|Sr|No|Vol|vs|etc|viz|cf)\.$/;
/** Words with which a forced end must not leave a sentence. */
const DANGLING =
  /\s+(?:a|an|the|and|or|but|nor|of|to|in|on|at|by|for|from|with|into|as|that|which|who|his|her|its|their|my|your|our|was|were|is|had|not)$/i;
/** Characters that a forced full stop replaces. */
const LOOSE_END = /[\s,;:"'([-]+$/;
const WORDS_DROPPED_AT_MOST = 4;

/** A range of positions that were resampled together. */
interface Stretch {
  readonly from: number;
  readonly to: number;
}

/**
 * Counts the attempts at each position. Noise is keyed by position and attempt, so resampling from a position
 * increments the attempts from there on. The number of steps in a decode does not matter: attempts are
 * counted for positions that are known when the rewind starts.
 */
export class Resampling {
  readonly #attempts = new Map<number, number>();
  readonly #stretches: Stretch[] = [];

  /** The current attempt at a position: 0 for the first. */
  attempt(position: number): number {
    return this.#attempts.get(position) ?? 0;
  }

  /** Increments the attempts at the positions from `from` to `to`, inclusive. */
  resample(from: number, to: number): void {
    for (let position = from; position <= to; position++) {
      this.#attempts.set(position, this.attempt(position) + 1);
    }
    this.#stretches.push({ from, to });
  }

  /**
   * Whether a generation that resumes at this length, and knows of no attempts, continues as this one would:
   * at all positions from there on the first attempt is current, or will be rejected again.
   */
  isSettled(length: number): boolean {
    return !this.#stretches.some(({ from, to }) => from < length && length <= to);
  }
}

export class TextBuffer {
  readonly prompt: string;
  /** Context, prompt, and the written text. */
  readonly text: GrowingText;
  /** Length of context and prompt. */
  readonly #from: number;
  /** Number of characters that may be written after the prompt. */
  readonly #room: number;
  readonly #lastSentence: number;
  /** End of the last sentence or paragraph, as a length of the written text. */
  #end = 0;
  #over = false;
  readonly #resampling = new Resampling();

  /**
   * @param prompt the beginning of the text
   * @param length largest length of the whole text, without the context; more than the prompt's
   * @param context the text that the network reads before the prompt
   */
  constructor(prompt: string, length: number, context = '') {
    if (!(length > prompt.length)) {
      throw new RangeError(
        `Expected \`length\` to be more than the prompt's ${prompt.length}, got ${length}.`,
      );
    }
    this.prompt = prompt;
    this.text = new GrowingText(context + prompt);
    this.#from = this.text.length;
    this.#room = length - prompt.length;
    this.#lastSentence = Math.min(LAST_SENTENCE_CHARACTERS, LAST_SENTENCE_SHARE * this.#room);
  }

  /** Number of characters written so far, certain or not. */
  get written(): number {
    return this.text.length - this.#from;
  }

  /** The written text. */
  get #written(): string {
    return this.text.end(this.written);
  }

  /** Whether there is room for one more character only. */
  get isFull(): boolean {
    return this.#room - this.written === 1;
  }

  /** The current attempt at a written or future position; 0 for the first. */
  attempt(position: number): number {
    return this.#resampling.attempt(position);
  }

  /**
   * Removes the text from a position on, which is resampled together with the character that would have come
   * next.
   *
   * @param instead replaces it
   * @param from a position in the last word, or after all words
   */
  takeBack(from: number, instead = ''): void {
    this.#resampling.resample(from, Math.max(this.written, from + instead.length));
    this.text.cut(this.#from + from);
    for (const character of instead) if (!this.#over) this.add(character);
  }

  /** Whether the story is over; `add` must not be called any more. */
  get over(): boolean {
    return this.#over;
  }

  /** Adds one character. */
  add(character: string): void {
    if (this.#over) throw new Error('Expected a story that is not over, got one that is.');
    if (isSpace(character)) this.#noteEnd(character);
    this.text.add(character);
    const left = this.#room - this.written;
    if (left === 0) this.#noteEnd(' ');
    const justEnded = this.#end > 0 && this.#end === this.written - 1;
    this.#over = left === 0 || (justEnded && left < this.#lastSentence);
  }

  /**
   * Records that the network ended the work. A story of sufficient length that has just ended a sentence ends
   * there; elsewhere the `eosId` is noise (a high temperature draws it now and then).
   *
   * @returns whether the story is over
   */
  endOfWork(): boolean {
    this.#noteEnd('\n');
    const rest = this.text.end(this.written - this.#end);
    this.#over = this.written >= SHORTEST_WORK_CHARACTERS && rest.trim() === '';
    return this.#over;
  }

  /**
   * The part of the text that no later character can take back: whole words, and near the limit whole
   * sentences. It only grows. Another worker continues from it as this one does, so it does not end with a
   * resampled word until a word follows that was not resampled.
   */
  certain(): string {
    let length = this.#certainLength();
    const written = this.#written;
    while (!this.#resampling.isSettled(length)) length = lastWordEnd(written.slice(0, length));
    return this.prompt + written.slice(0, length);
  }

  /** Number of characters after the prompt that a text has in common with what was written. */
  drawnPart(text: string): number {
    const written = this.#written;
    const most = Math.min(written.length, text.length - this.prompt.length);
    let length = 0;
    while (length < most && text[this.prompt.length + length] === written[length]) length++;
    return length;
  }

  /** The final text: at most `length` characters, ending with a sentence or a paragraph. */
  finish(): string {
    if (this.#end >= this.#certainLength() && this.#end > 0) {
      const text = this.#written.slice(0, this.#end);
      const closed = text + (opensSpeech(text) && text.length < this.#room ? '"' : '');
      return this.prompt + closed;
    }
    return this.#finishByForce();
  }

  #certainLength(): number {
    const landing = this.#room - LANDING_CHARACTERS;
    const whole = lastWordEnd(this.#written.slice(0, Math.max(0, landing)));
    return this.written <= landing ? whole : Math.max(whole, this.#end);
  }

  /** Ends a story without a suitable sentence end after the last whole word that may end a sentence. */
  #finishByForce(): string {
    const floor = this.#certainLength();
    let text = this.#written.slice(0, Math.max(floor, lastWordEnd(this.#written)));
    for (let dropped = 0; dropped <= WORDS_DROPPED_AT_MOST; dropped++) {
      const bare = text.replace(LOOSE_END, '');
      if (bare.length <= floor) break;
      text = bare;
      const shorter = text.replace(DANGLING, '');
      if (shorter.length <= floor || dropped === WORDS_DROPPED_AT_MOST) break;
      text = shorter;
    }
    const whole = this.prompt + text;
    return SENTENCE_END.test(whole) ? whole : `${whole}.`;
  }

  /** Records an end of a sentence or paragraph where `next`, a space or a line end, follows. */
  #noteEnd(next: string): void {
    const text = this.text.end(Math.min(LANDING_CHARACTERS, this.written));
    if (text === '' || isSpace(text.at(-1)!)) return;
    const ends = SENTENCE_END.test(text) && !ABBREVIATION.test(text);
    if (ends || (next === '\n' && PARAGRAPH_END.test(text))) this.#end = this.written;
  }
}

function isSpace(character: string): boolean {
  return character === ' ' || character === '\n';
}

/** Length of `text` without its last word, which may be incomplete, and the space before that. */
function lastWordEnd(text: string): number {
  const space = Math.max(text.lastIndexOf(' '), text.lastIndexOf('\n'));
  return space < 0 ? 0 : text.slice(0, space).trimEnd().length;
}

/** Whether the last paragraph has an unclosed speech. */
export function opensSpeech(text: string): boolean {
  const paragraph = text.slice(text.lastIndexOf('\n') + 1);
  return (paragraph.match(/"/g)?.length ?? 0) % 2 === 1;
}
