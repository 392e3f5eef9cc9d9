/** An index of a model's training text: its runs of words, and the longest copies of it. */

const TOKEN = /[A-Za-z]+(?:'[A-Za-z]+)*|[.!?:;"(),-]/g;
/** Words of a run. */
const RUN_WORDS = 3;
/** Word numbers are below this, so that three of them fit exactly in one float64. */
const WORD_LIMIT = 2 ** 17;
/**
 * Blocks of this many characters are looked up; a copy of at least twice as many, less 1, contains a whole
 * block.
 */
const BLOCK = 16;
/** Shorter copies may be missed. */
export const SHORTEST_COPY = 2 * BLOCK - 1;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const NOWHERE = -1;

export class TrainingText {
  readonly #text: Buffer;
  readonly #words = new Map<string, number>();
  readonly #runs: NumberSet;
  /** The last block for each hash, and for each block the previous one with the same hash. */
  readonly #last: Int32Array;
  readonly #before: Int32Array;

  /** @param text in ASCII, as a corpus is; works begin with U+0003 */
  constructor(text: string) {
    this.#text = Buffer.from(text, 'latin1');
    this.#runs = new NumberSet(Math.ceil(text.length / 4));
    for (const key of this.#runsOf(text, true)) this.#runs.add(key);
    const blocks = Math.floor(this.#text.length / BLOCK);
    this.#last = new Int32Array(powerOfTwo(blocks)).fill(NOWHERE);
    this.#before = new Int32Array(blocks);
    for (let block = 0; block < blocks; block++) {
      const bucket = this.#hash(this.#text, block * BLOCK) & (this.#last.length - 1);
      this.#before[block] = this.#last[bucket]!;
      this.#last[bucket] = block;
    }
  }

  /**
   * How many of a text's runs of three words, without punctuation between them, the training text contains,
   * and how many there are.
   */
  seenRuns(text: string): { readonly seen: number; readonly all: number } {
    const keys = this.#runsOf(text, false);
    return { seen: keys.filter((key) => this.#runs.has(key)).length, all: keys.length };
  }

  /**
   * Length of the longest run of characters that the training text also contains; 0 when shorter than
   * `SHORTEST_COPY`.
   */
  longestCopy(text: string): number {
    const own = Buffer.from(text, 'latin1');
    let longest = 0;
    for (let at = 0; at + BLOCK <= own.length; at++) {
      const bucket = this.#hash(own, at) & (this.#last.length - 1);
      for (let block = this.#last[bucket]!; block !== NOWHERE; block = this.#before[block]!) {
        longest = Math.max(longest, this.#matchAround(own, at, block * BLOCK));
      }
    }
    return longest >= SHORTEST_COPY ? longest : 0;
  }

  /** Length of the common run around two positions. */
  #matchAround(own: Buffer, at: number, there: number): number {
    const text = this.#text;
    let start = 0;
    while (start < at && start < there && own[at - start - 1] === text[there - start - 1]) start++;
    let end = 0;
    while (at + end < own.length && own[at + end] === text[there + end]) end++;
    return end < BLOCK ? 0 : start + end;
  }

  #hash(bytes: Buffer, from: number): number {
    let hash = FNV_OFFSET;
    for (let i = from; i < from + BLOCK; i++) hash = Math.imul(hash ^ bytes[i]!, FNV_PRIME);
    return (hash ^ (hash >>> 15)) >>> 0;
  }

  /** Each run of three words as a number. An unknown word does not end a run, but makes it an unknown run. */
  #runsOf(text: string, isTraining: boolean): number[] {
    const keys: number[] = [];
    let recent: number[] = [];
    for (const [token] of text.matchAll(TOKEN)) {
      if (!/^[A-Za-z]/.test(token)) {
        recent = [];
        continue;
      }
      recent = [...recent.slice(1 - RUN_WORDS), this.#numberOf(token.toLowerCase(), isTraining)];
      if (recent.length < RUN_WORDS) continue;
      keys.push(recent.reduce((key, word) => key * WORD_LIMIT + word, 0));
    }
    return keys;
  }

  #numberOf(word: string, isTraining: boolean): number {
    const known = this.#words.get(word);
    if (known !== undefined) return known;
    if (!isTraining || this.#words.size >= WORD_LIMIT - 1) return WORD_LIMIT - 1;
    this.#words.set(word, this.#words.size);
    return this.#words.size - 1;
  }
}

/** A set of non-negative integers, in 8 bytes each; open addressing. */
class NumberSet {
  readonly #slots: Float64Array;

  /** @param most maximum size */
  constructor(most: number) {
    this.#slots = new Float64Array(2 * powerOfTwo(most)).fill(NOWHERE);
  }

  add(value: number): void {
    this.#slots[this.#slotOf(value)] = value;
  }

  has(value: number): boolean {
    return this.#slots[this.#slotOf(value)] === value;
  }

  #slotOf(value: number): number {
    const mask = this.#slots.length - 1;
    const low = value % 2 ** 32;
    let slot = (Math.imul(low, 0x9e3779b1) ^ Math.imul((value - low) / 2 ** 32, 0x85ebca77)) >>> 0;
    slot = (slot ^ (slot >>> 13)) & mask;
    while (this.#slots[slot] !== NOWHERE && this.#slots[slot] !== value) slot = (slot + 1) & mask;
    return slot;
  }
}

function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2, least)));
}
