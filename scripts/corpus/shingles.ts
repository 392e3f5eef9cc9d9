/** Finds which stretches of a text occur in another, by shingles (Broder, 1997) of characters. */

export const SHINGLE_CHARACTERS = 50;
const LOW_BITS = 21;
const [LOW_FACTOR, HIGH_FACTOR] = [0x0100_0193, 0x9e37_79b1];

/** A text with every run of white space as one space, because line wrapping is not compared. */
export function flatten(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/**
 * A 53-bit hash of every shingle, in order: as many as `text` has characters, less 49. Uses two rolling
 * polynomial hashes (Karp and Rabin, 1987), so the time does not depend on the shingle's length.
 */
function shinglesOf(text: string): Float64Array {
  const count = Math.max(0, text.length - SHINGLE_CHARACTERS + 1);
  const hashes = new Float64Array(count);
  const [lowGone, highGone] = [power(LOW_FACTOR), power(HIGH_FACTOR)];
  let [low, high] = [0, 0];
  for (let i = 0; i < text.length; i++) {
    const gone = i >= SHINGLE_CHARACTERS ? text.charCodeAt(i - SHINGLE_CHARACTERS) : 0;
    low = (Math.imul(low, LOW_FACTOR) + text.charCodeAt(i) - Math.imul(gone, lowGone)) | 0;
    high = (Math.imul(high, HIGH_FACTOR) + text.charCodeAt(i) - Math.imul(gone, highGone)) | 0;
    const first = i - SHINGLE_CHARACTERS + 1;
    if (first >= 0) hashes[first] = (high >>> 0) * 2 ** LOW_BITS + (low >>> (32 - LOW_BITS));
  }
  return hashes;
}

/** The factor of a character's contribution to the hash when the character leaves the window. */
function power(factor: number): number {
  let product = 1;
  for (let i = 0; i < SHINGLE_CHARACTERS; i++) product = Math.imul(product, factor);
  return product;
}

/** For every shingle of `text`, 1 where `other` contains it too. */
export function foundIn(text: string, other: string): Uint8Array {
  const known = new Set(shinglesOf(other));
  return Uint8Array.from(shinglesOf(text), (hash) => (known.has(hash) ? 1 : 0));
}
