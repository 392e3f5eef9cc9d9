/**
 * Draws an id from logits: temperature, and noise that depends on its own coordinates only. No `node:`
 * imports: a browser draws the same way.
 */
import { StoryError } from '../errors.ts';

/**
 * The ids that a draw may give: one byte for each id of the vocabulary, 1 where it may and 0 where it may
 * not.
 */
export type AllowedIds = Uint8Array;

/**
 * exp(-37.5) is less than 2^-54: added to a sum of 1 or more, it and all lesser numbers leave the sum as it
 * is. Skipping them saves a quarter of a draw's time.
 */
const NOTICEABLE = 37.5;

/** Running sums of the unnormalised probabilities of one draw. Safe to share: a draw is synchronous. */
let cumulative = new Float64Array(256);

/**
 * Draws an id from the softmax of logits at a temperature: p_i = exp(log(p_i) / T) / sum, which is the same
 * as exp((l_i - max) / T) / sum and cannot overflow in that form. All sums are float64.
 *
 * The id is the inverse of the cumulative distribution at `uniform`: the first id at which the running sum
 * exceeds `uniform` times the total. Temperature 0 gives the likeliest id, the lowest one of several.
 *
 * Ids that are not allowed are excluded before the softmax, so that the others keep their proportions. Then
 * min-p (Nguyen et al., "Turning up the heat", 2024) excludes every id whose probability at temperature 1 is
 * less than `minP` times that of the likeliest one: l_i < max + ln(minP).
 *
 * @param logits unnormalised log-probabilities; `size` of them from `offset` on. -Infinity is never drawn.
 * @param temperature 0 or more
 * @param uniform in [0, 1)
 * @param allowed `size` bytes, at least one of them 1; absent for every id
 * @param minP 0 to 1; 0 excludes none
 * @throws StoryError `internal` when the logits are no distribution: NaN, +Infinity, or all allowed ones
 *   -Infinity
 */
export function sampleFromLogits(
  logits: Float32Array,
  offset: number,
  size: number,
  temperature: number,
  uniform: number,
  allowed?: AllowedIds,
  minP = 0,
): number {
  let likeliest = 0;
  let max = -Infinity;
  let isNumbers = true;
  for (let id = 0; id < size; id++) {
    const logit = logits[offset + id]!;
    if (logit > max) {
      if (allowed !== undefined && allowed[id] === 0) continue;
      max = logit;
      likeliest = id;
    } else if (Number.isNaN(logit)) isNumbers = false;
  }
  if (!isNumbers || !Number.isFinite(max) || !(temperature >= 0)) {
    throw new StoryError('internal', `Nothing can be drawn at temperature ${temperature} from such logits.`);
  }
  if (temperature === 0) return likeliest;

  if (cumulative.length < size) cumulative = new Float64Array(size);
  const least = minP === 0 ? -Infinity : max + Math.log(minP);
  const noticeable = Math.max(least, max - NOTICEABLE * temperature);
  let total = 0;
  for (let id = 0; id < size; id++) {
    const logit = logits[offset + id]!;
    const isAdded = logit >= noticeable || (total < 1 && logit >= least);
    if (isAdded && (allowed === undefined || allowed[id] !== 0)) {
      total += Math.exp((logit - max) / temperature);
    }
    cumulative[id] = total;
  }
  const target = uniform * total;
  // The first id whose sum exceeds the target, by halving: the sums never fall.
  let [low, high] = [0, size - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (cumulative[middle]! > target) high = middle;
    else low = middle + 1;
  }
  // A uniform that rounds up to 1 gives the last id that added to the sum.
  return cumulative[low]! > target ? low : cumulative.indexOf(total);
}

const PHILOX_MULTIPLIER_0 = 0xd251_1f53;
const PHILOX_MULTIPLIER_1 = 0xcd9e_8d57;
/** The golden ratio and the square root of 3, less 1, as 32-bit fractions. */
const PHILOX_WEYL_0 = 0x9e37_79b9;
const PHILOX_WEYL_1 = 0xbb67_ae85;
const PHILOX_ROUNDS = 10;

/**
 * The counter-based generator Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as
 * easy as 1, 2, 3" (SC11): four 32-bit words for each 128-bit counter and 64-bit key, in integer arithmetic
 * that is identical in every JavaScript engine.
 *
 * @param words the counter, four words, which the output replaces
 */
export function philox4x32(words: Uint32Array, key0: number, key1: number): void {
  let c0 = words[0]!;
  let c1 = words[1]!;
  let c2 = words[2]!;
  let c3 = words[3]!;
  let k0 = key0;
  let k1 = key1;
  for (let round = 0; round < PHILOX_ROUNDS; round++) {
    const next0 = highWord(PHILOX_MULTIPLIER_1, c2) ^ c1 ^ k0;
    const next2 = highWord(PHILOX_MULTIPLIER_0, c0) ^ c3 ^ k1;
    c1 = Math.imul(PHILOX_MULTIPLIER_1, c2);
    c3 = Math.imul(PHILOX_MULTIPLIER_0, c0);
    c0 = next0;
    c2 = next2;
    k0 = (k0 + PHILOX_WEYL_0) | 0;
    k1 = (k1 + PHILOX_WEYL_1) | 0;
  }
  words[0] = c0;
  words[1] = c1;
  words[2] = c2;
  words[3] = c3;
}

/** The upper 32 bits of the product of two unsigned 32-bit integers. */
function highWord(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + (middle >>> 16) + (carry >>> 16)) | 0;
}

const counter = new Uint32Array(4);

/** The purpose of a random number: the characters themselves, or the rules that check them. */
export const STREAM = { characters: 0, rules: 1 } as const;

/**
 * The uniform number in [0, 1) for one draw of one story, with 53 random bits. It depends on its arguments
 * only, so a story gets the same noise alone, beside any other stories, and after a resume.
 *
 * @param seed of the story, 32-bit unsigned
 * @param position of the character in the story, 32-bit unsigned
 * @param attempt 0 for the first draw at this position, then 1 and so on, 32-bit unsigned
 * @param stream numbers of different streams are independent
 */
export function uniformAt(
  seed: number,
  position: number,
  attempt: number,
  stream: number = STREAM.characters,
): number {
  counter[0] = position;
  counter[1] = attempt;
  counter[2] = stream;
  counter[3] = 0;
  philox4x32(counter, seed, 0);
  return ((counter[0]! >>> 5) * 2 ** 26 + (counter[1]! >>> 6)) / 2 ** 53;
}
