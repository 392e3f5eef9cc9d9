/**
 * Works that are there twice, under whatever name: MinHash (Broder, 1997) over shingles of words, found again by
 * bands (Indyk and Motwani, 1998). A work is kept as 512 bytes, so memory hardly grows with the corpus.
 */
const SHINGLE_WORDS = 5;
const HASHES = 128;
const BAND = 4;
/** Estimated share of shingles in common from which two works count as one. */
const SAME = 0.5;

export class Duplicates {
  readonly #signatures = new Map<string, Uint32Array>();
  readonly #bands = new Map<string, string[]>();

  /** The work that this one repeats; when there is none, it is remembered. */
  add(id: string, text: string): string | undefined {
    const signature = signatureOf(text);
    const keys = Array.from(
      { length: HASHES / BAND },
      (_, band) => `${band}:${signature.subarray(band * BAND, (band + 1) * BAND).join()}`,
    );
    const seen = new Set(keys.flatMap((key) => this.#bands.get(key) ?? []));
    for (const other of seen) {
      const theirs = this.#signatures.get(other)!;
      const same = signature.reduce((count, hash, i) => count + (hash === theirs[i] ? 1 : 0), 0);
      if (same / HASHES >= SAME) return other;
    }
    this.#signatures.set(id, signature);
    for (const key of keys) this.#bands.set(key, [...(this.#bands.get(key) ?? []), id]);
    return undefined;
  }
}

function signatureOf(text: string): Uint32Array {
  const smallest = new Uint32Array(HASHES).fill(0xffff_ffff);
  const words: number[] = [];
  for (const [word] of text.toLowerCase().matchAll(/[a-z0-9]+/g)) {
    words.push(fnv1a(word));
    if (words.length < SHINGLE_WORDS) continue;
    let shingle = 0;
    for (const one of words.slice(-SHINGLE_WORDS)) shingle = Math.imul(shingle ^ one, 0x01000193) >>> 0;
    for (let i = 0; i < HASHES; i++) {
      const hash = mix(shingle, i);
      if (hash < smallest[i]!) smallest[i] = hash;
    }
    if (words.length > 1_024) words.splice(0, words.length - SHINGLE_WORDS);
  }
  return smallest;
}

/** Fowler, Noll and Vo's hash of a word, 32 bits. */
function fnv1a(word: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** One of many hashes of a number: the finalizer of MurmurHash3 after a step of its own. */
function mix(value: number, which: number): number {
  let hash = (value + Math.imul(which + 1, 0x9e3779b1)) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
