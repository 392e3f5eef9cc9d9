/** Assertions that the tests of several engines share. */
import assert from 'node:assert/strict';
import type { Engine } from '../../../src/generator/engines/engine.ts';
import type { Model } from '../../../src/generator/model/model.ts';
import { uniformAt } from '../../../src/generator/sampler.ts';
import { Reference } from './reference.ts';

/** Distance from the float64 reference, as a share of the largest logit. */
const PARITY = 1e-4;

/** Pseudo-random ids. */
export function noiseIds(model: Model, count: number, seed: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.floor(uniformAt(seed, i, 0) * model.vocabulary.size));
}

/** Compares bits, so that even 0 and -0 differ. */
export function assertSameBits(actual: Float32Array, expected: Float32Array, what: string): void {
  const bits = (values: Float32Array) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  assert.ok(bits(actual).equals(bits(expected)), what);
}

/** A sequence that reads ids by the formulas: `step` reads one and returns the logits of the next. */
export interface ReferenceSequence {
  step(id: number): readonly number[];
}

/** @param referenceOf starts a sequence; by default by the formulas in float64 */
export async function assertParity(
  model: Model,
  engine: Engine,
  texts: readonly (readonly number[])[],
  referenceOf: (model: Model) => ReferenceSequence = (of) => new Reference(of),
): Promise<void> {
  const references = texts.map(() => referenceOf(model));
  const slots = texts.map((_, slot) => slot);
  for (const slot of slots) engine.clear(slot);
  for (let step = 0; step < texts[0]!.length; step++) {
    const ids = texts.map((text) => text[step]!);
    const logits = await engine.logits(slots, ids);
    references.forEach((reference, row) => {
      const expected = reference.step(ids[row]!);
      const largest = Math.max(...expected.map(Math.abs));
      expected.forEach((value, id) => {
        const difference = Math.abs(value - logits[row * expected.length + id]!);
        assert.ok(difference <= PARITY * largest, `step ${step}, row ${row}, id ${id}: off by ${difference}`);
      });
    });
  }
}

/** Chi-squared statistic of counts against probabilities; degrees of freedom: cells - 1. */
export function chiSquared(
  counts: ArrayLike<number>,
  probabilities: readonly number[],
  draws: number,
): number {
  return probabilities.reduce((sum, p, i) => sum + (counts[i]! - p * draws) ** 2 / (p * draws), 0);
}

/** A bound that chi-squared exceeds about once in 30,000 runs (Wilson and Hilferty, at 4 sigma). */
export function chiSquaredBound(degrees: number): number {
  return degrees * (1 - 2 / (9 * degrees) + 4 * Math.sqrt(2 / (9 * degrees))) ** 3;
}
