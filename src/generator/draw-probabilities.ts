/**
 * What a draw might have given: the probability of the drawn id, and the likeliest ids with theirs. They are those
 * of the distribution that was drawn from: at the temperature that was used, among the allowed ids, after min-p.
 * At temperature 0 the drawn id has probability 1. No `node:` imports: a browser draws the same way.
 */
import { CANDIDATES } from '../story/probabilities.ts';
import type { AllowedIds } from './sampler.ts';

/** Number of ids that are listed for a draw; `LIKELIEST` in kernel/layout.h is the same. */
export const LIKELIEST = CANDIDATES;

/**
 * The probabilities of a row's draws in one decode of so many steps or fewer. The engine writes them, and the caller makes
 * the arrays.
 */
export interface DrawProbabilities {
  /** [steps, LIKELIEST]: the likeliest ids, in that order, the lowest first of several alike; -1 for none. */
  readonly ids: Int32Array;
  /** [steps, 1 + LIKELIEST]: the probability of the drawn id, then those of `ids`; 0 for none. */
  readonly values: Float32Array;
}

/** Arrays for the draws of one row in decodes of so many steps at most. */
export function drawProbabilities(steps: number): DrawProbabilities {
  return {
    ids: new Int32Array(steps * LIKELIEST),
    values: new Float32Array(steps * (1 + LIKELIEST)),
  };
}

/** One draw, as `sampleFromLogits` takes it, and its result. */
export interface Draw {
  readonly logits: Float32Array;
  /** Where the draw's logits begin, and their number. */
  readonly offset: number;
  readonly size: number;
  readonly temperature: number;
  readonly allowed?: AllowedIds | undefined;
  readonly minP?: number | undefined;
  readonly drawn: number;
}

/** The unnormalised probabilities of one draw. Safe to share: a draw is synchronous. */
let weights = new Float64Array(256);

/**
 * Writes the probabilities of a draw whose logits are on the host. All sums are float64.
 *
 * @param step of the decode
 */
export function noteProbabilities(to: DrawProbabilities, step: number, draw: Draw): void {
  const { size, temperature, drawn } = draw;
  const ids = to.ids.subarray(step * LIKELIEST, (step + 1) * LIKELIEST).fill(-1);
  const values = to.values.subarray(step * (1 + LIKELIEST), (step + 1) * (1 + LIKELIEST)).fill(0);
  if (temperature === 0) {
    ids[0] = drawn;
    values.fill(1, 0, 2);
    return;
  }
  const sum = weigh(draw);
  const most = new Float64Array(LIKELIEST);
  for (let id = 0; id < size; id++) {
    const weight = weights[id]!;
    let rank = LIKELIEST;
    while (rank > 0 && weight > most[rank - 1]!) rank--;
    if (rank === LIKELIEST) continue;
    most.copyWithin(rank + 1, rank);
    ids.copyWithin(rank + 1, rank);
    most[rank] = weight;
    ids[rank] = id;
  }
  values[0] = weights[drawn]! / sum;
  most.forEach((weight, rank) => {
    values[1 + rank] = weight / sum;
  });
}

/** Fills `weights` with exp((l - max) / temperature) of the ids that may be drawn, 0 for others; returns their sum. */
function weigh({ logits, offset, size, temperature, allowed, minP = 0 }: Draw): number {
  if (weights.length < size) weights = new Float64Array(size);
  let max = -Infinity;
  for (let id = 0; id < size; id++) {
    if (allowed?.[id] !== 0) max = Math.max(max, logits[offset + id]!);
  }
  const least = minP === 0 ? -Infinity : max + Math.log(minP);
  let sum = 0;
  for (let id = 0; id < size; id++) {
    const logit = logits[offset + id]!;
    const isOut = allowed?.[id] === 0 || logit < least;
    weights[id] = isOut ? 0 : Math.exp((logit - max) / temperature);
    sum += weights[id]!;
  }
  return sum;
}
