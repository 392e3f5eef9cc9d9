/**
 * Keeps the probabilities of the characters of one story while it is written. A character's entry is replaced when
 * it is drawn again, so the record follows the text through rewinds. No `node:` imports.
 */
import {
  CANDIDATES,
  END_OF_WORK,
  ENTRY_BYTES,
  fromBase64,
  NO_CANDIDATE,
  type Probabilities,
  storedShare,
  toBase64,
} from '../story/probabilities.ts';
import { type DrawProbabilities, LIKELIEST } from './draw-probabilities.ts';
import type { Vocabulary } from './vocabulary.ts';

/** The draw whose probabilities are kept: one step of a decode. */
export interface RecordedDraw {
  readonly probabilities: DrawProbabilities;
  readonly step: number;
}

/**
 * The characters of a vocabulary, by id; undefined for a vocabulary whose probabilities cannot be kept: of words,
 * or of more characters than an entry can name.
 */
export function alphabetOf(vocabulary: Vocabulary): string | undefined {
  if (vocabulary.unit !== 'char' || vocabulary.size > NO_CANDIDATE) return undefined;
  const characters = Array.from({ length: vocabulary.size }, (_, id) =>
    id === vocabulary.eosId ? END_OF_WORK : vocabulary.decode(id),
  );
  return characters.every((text) => [...text].length === 1) ? characters.join('') : undefined;
}

export class ProbabilityRecord {
  readonly #alphabet: string;
  /** Length of the prompt. */
  readonly #from: number;
  /** Entries of written characters; it grows by doubling. */
  #bytes: Uint8Array = new Uint8Array(1_024 * ENTRY_BYTES);

  /** @param earlier of the part of the story that an earlier worker wrote */
  constructor(alphabet: string, from: number, earlier: Probabilities | undefined) {
    this.#alphabet = alphabet;
    this.#from = from;
    if (earlier?.from !== from || earlier.alphabet !== alphabet) return;
    const bytes = fromBase64(earlier.entries);
    this.#reserve(bytes.length);
    this.#bytes.set(bytes);
  }

  /**
   * Keeps a draw as the entry of the character that it gave.
   *
   * @param position in the written text, after the prompt
   */
  set(position: number, { probabilities, step }: RecordedDraw): void {
    const at = position * ENTRY_BYTES;
    this.#reserve(at + ENTRY_BYTES);
    const bytes = this.#bytes;
    const values = step * (1 + LIKELIEST);
    bytes[at] = storedShare(probabilities.values[values]!);
    for (let rank = 0; rank < CANDIDATES; rank++) {
      const id = probabilities.ids[step * LIKELIEST + rank]!;
      bytes[at + 1 + 2 * rank] = id < 0 ? NO_CANDIDATE : id;
      bytes[at + 2 + 2 * rank] = storedShare(probabilities.values[values + 1 + rank]!);
    }
  }

  /** Empties the entries of characters that were not drawn. */
  clear(position: number, characters: number): void {
    const at = position * ENTRY_BYTES;
    const end = at + characters * ENTRY_BYTES;
    this.#reserve(end);
    this.#bytes.fill(0, at, end);
  }

  /** The entries of the first characters of the written text. */
  upTo(characters: number): Probabilities {
    const end = characters * ENTRY_BYTES;
    this.#reserve(end);
    return {
      alphabet: this.#alphabet,
      from: this.#from,
      entries: toBase64(this.#bytes.subarray(0, end)),
    };
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(bytes, 2 * this.#bytes.length));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
