/**
 * Finds duplicate works under any name: MinHash (Broder, 1997) over shingles of words, keeping eight bits of
 * each hash (Li and König, 2010), with lookup by bands (Indyk and Motwani, 1998).
 *
 * A work takes 128 bytes of signature and 32 entries of a hash table, half a kilobyte in total, so memory
 * hardly grows with the corpus.
 */
const SHINGLE_WORDS = 5;
const HASHES = 128;
const BAND = 4;
const BANDS = HASHES / BAND;
/** Two works are duplicates from this estimated share of common shingles. */
const SAME = 0.5;
/** How often two different hashes have the same eight bits. */
const BY_CHANCE = 1 / 256;
const EMPTY = 0xffff_ffff;
const FIRST_WORKS = 1_024;
/** The table grows when its load exceeds this. */
const FULLEST = 0.7;

export class Duplicates {
  readonly #ids: string[] = [];
  #signatures = new Uint8Array(FIRST_WORKS * HASHES);
  /** Open addressing: for each band's hash the last work that had it, as its number plus one; 0 is empty. */
  #keys = new Uint32Array(FIRST_WORKS * BANDS * 2);
  #works = new Uint32Array(FIRST_WORKS * BANDS * 2);
  #used = 0;

  /** The work that this one duplicates; when there is none, this one is added. */
  add(id: string, text: string): string | undefined {
    const hashes = minHashes(text);
    const signature = Uint8Array.from(hashes, (hash) => hash & 0xff);
    const keys = Array.from({ length: BANDS }, (_, band) =>
      hashes.subarray(band * BAND, (band + 1) * BAND).reduce((key, hash) => mix(key + hash), band + 1),
    );
    const seen = new Set(keys.map((key) => this.#works[this.#slotOf(key)]!));
    for (const work of seen) if (work > 0 && this.#isSame(signature, work - 1)) return this.#ids[work - 1];
    this.#remember(id, signature, keys);
    return undefined;
  }

  #isSame(signature: Uint8Array, work: number): boolean {
    const from = work * HASHES;
    const same = signature.reduce((sum, byte, i) => sum + (byte === this.#signatures[from + i] ? 1 : 0), 0);
    return (same / HASHES - BY_CHANCE) / (1 - BY_CHANCE) >= SAME;
  }

  #remember(id: string, signature: Uint8Array, keys: readonly number[]): void {
    const work = this.#ids.push(id) - 1;
    if (this.#signatures.length < (work + 1) * HASHES) {
      const larger = new Uint8Array(this.#signatures.length * 2);
      larger.set(this.#signatures);
      this.#signatures = larger;
    }
    this.#signatures.set(signature, work * HASHES);
    if (this.#used + keys.length > this.#keys.length * FULLEST) this.#grow();
    for (const key of keys) {
      const slot = this.#slotOf(key);
      if (this.#works[slot] === 0) this.#used += 1;
      this.#keys[slot] = key;
      this.#works[slot] = work + 1;
    }
  }

  /** The slot of a key, or the empty slot where it belongs. */
  #slotOf(key: number): number {
    let slot = key % this.#keys.length;
    while (this.#works[slot] !== 0 && this.#keys[slot] !== key) slot = (slot + 1) % this.#keys.length;
    return slot;
  }

  #grow(): void {
    const [keys, works] = [this.#keys, this.#works];
    this.#keys = new Uint32Array(keys.length * 2);
    this.#works = new Uint32Array(works.length * 2);
    for (const [i, work] of works.entries()) {
      if (work === 0) continue;
      const slot = this.#slotOf(keys[i]!);
      this.#keys[slot] = keys[i]!;
      this.#works[slot] = work;
    }
  }
}

/**
 * The minimum hashes of a text's shingles under one permutation (Li, Owen and Zhang, 2012): each shingle is
 * hashed once and counts in one bin, and an empty bin takes its neighbour's value (Shrivastava and Li, 2014).
 */
function minHashes(text: string): Uint32Array {
  const smallest = new Uint32Array(HASHES).fill(EMPTY);
  const words = new Uint32Array(SHINGLE_WORDS);
  let read = 0;
  for (const [word] of text.toLowerCase().matchAll(/[a-z0-9]+/g)) {
    words[read++ % SHINGLE_WORDS] = fnv1a(word);
    if (read < SHINGLE_WORDS) continue;
    let shingle = 0;
    for (let i = 0; i < SHINGLE_WORDS; i++)
      shingle = Math.imul(shingle ^ words[(read + i) % SHINGLE_WORDS]!, 0x01000193) >>> 0;
    const hash = mix(shingle);
    const bin = hash % HASHES;
    smallest[bin] = Math.min(smallest[bin]!, Math.floor(hash / HASHES));
  }
  if (smallest.every((hash) => hash === EMPTY)) return smallest;
  return smallest.map((hash, bin) => {
    let steps = 0;
    while (hash === EMPTY) hash = smallest[(bin + ++steps) % HASHES]!;
    return steps === 0 ? hash : mix(hash + steps);
  });
}

/** The 32-bit FNV hash (Fowler, Noll and Vo) of a word. */
function fnv1a(word: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** The finalizer of MurmurHash3: every bit depends on all of them. */
function mix(value: number): number {
  let hash = value >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
