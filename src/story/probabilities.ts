/**
 * The probabilities of a story's characters, in the compact form in which they travel beside its text. Only a
 * story whose request asks for them has them. Runs in browsers too.
 *
 * Every character (UTF-16 code unit) of the text from offset `from` on has an entry of `ENTRY_BYTES` bytes: the
 * probability with which it was drawn, then `CANDIDATES` pairs of an index in the alphabet and its probability,
 * the likeliest first. An entry of zeros belongs to a character that was not drawn. A probability p is stored as
 * round(255 sqrt(p)), at least 1, which is exact to 0.4% where it is large and finer where it is small.
 */

/** Candidates that are listed for a character. */
export const CANDIDATES = 5;
export const ENTRY_BYTES = 1 + 2 * CANDIDATES;
/** The index that stands for no candidate, and so the most characters of an alphabet. */
export const NO_CANDIDATE = 255;
/** The candidate that says that the story is over. */
export const END_OF_WORK = '\u0003';

const SCALE = 255;
/** Bytes that are converted at a time; more arguments of one call may not fit on the stack. */
const CHUNK_BYTES = 8_190;

export interface Probabilities {
  /** The network's characters (code points), by index. */
  readonly alphabet: string;
  /** Offset in the text of the first entry: the length of the prompt. */
  readonly from: number;
  /** The entries, in base64; they may go on beyond the text, or end before it. */
  readonly entries: string;
}

/** What might have stood at one place of a story. */
export interface Candidate {
  readonly text: string;
  /** 0 to 1 */
  readonly probability: number;
}

/** A stored probability; 0 only for none. */
export function storedShare(probability: number): number {
  return probability > 0 ? Math.max(1, Math.round(SCALE * Math.sqrt(probability))) : 0;
}

/** The probability that is stored as a byte. */
export function shareOf(byte: number): number {
  return (byte / SCALE) ** 2;
}

export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    // `apply` takes an array of bytes as it is; `...` would read it by its iterator, which takes seven times as long.
    text += String.fromCharCode.apply(null, bytes.subarray(at, at + CHUNK_BYTES) as unknown as number[]);
  }
  return btoa(text);
}

/** The bytes of a base64 text; none of a text that is no base64. */
export function fromBase64(text: string): Uint8Array {
  try {
    const binary = atob(text);
    const bytes = new Uint8Array(binary.length);
    for (let index = 0; index < bytes.length; index++) bytes[index] = binary.charCodeAt(index);
    return bytes;
  } catch {
    return new Uint8Array(0);
  }
}

/**
 * The field with the probabilities of a text's posted form, if the text has any. A masked character has none: its
 * candidates would spell out the word.
 *
 * @param posted of the same length as the text
 */
export function postedProbabilities(
  probabilities: Probabilities | undefined,
  text: string,
  posted: string,
): { readonly probabilities?: Probabilities } {
  if (!probabilities || text === posted) return probabilities ? { probabilities } : {};
  const bytes = fromBase64(probabilities.entries);
  for (let offset = probabilities.from; offset < posted.length; offset++) {
    if (text[offset] === posted[offset]) continue;
    const at = (offset - probabilities.from) * ENTRY_BYTES;
    bytes.fill(0, at, at + ENTRY_BYTES);
  }
  return { probabilities: { ...probabilities, entries: toBase64(bytes) } };
}

/** Reads the entries of a story. */
export class ProbabilityReader {
  readonly #alphabet: readonly string[];
  readonly #from: number;
  readonly #bytes: Uint8Array;

  constructor({ alphabet, from, entries }: Probabilities) {
    this.#alphabet = [...alphabet];
    this.#from = from;
    this.#bytes = fromBase64(entries);
  }

  /** The probability with which the character at an offset of the text was drawn; undefined where it was not. */
  probabilityAt(offset: number): number | undefined {
    const stored = this.#bytes[(offset - this.#from) * ENTRY_BYTES];
    return stored === undefined || stored === 0 || offset < this.#from ? undefined : shareOf(stored);
  }

  /** The likeliest characters at an offset of the text, the likeliest first; none where none was drawn. */
  candidatesAt(offset: number): Candidate[] {
    if (this.probabilityAt(offset) === undefined) return [];
    const at = (offset - this.#from) * ENTRY_BYTES + 1;
    const candidates: Candidate[] = [];
    for (let pair = at; pair < at + 2 * CANDIDATES; pair += 2) {
      const text = this.#alphabet[this.#bytes[pair] ?? NO_CANDIDATE];
      if (text !== undefined) candidates.push({ text, probability: shareOf(this.#bytes[pair + 1]!) });
    }
    return candidates;
  }
}
