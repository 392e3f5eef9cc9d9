/** Damages models at random, from a seed, and tries every one. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { damaged, damages, signed } from './damage.ts';
import type { Sample } from './models.ts';
import { type Outcome, outcomesOf } from './outcome.ts';

/** A small file that takes longer is a fault; an intact one takes a hundredth. */
const TIME_LIMIT_MS = 20_000;

/** @returns how many were refused and how many ran */
export async function tryDamaged(
  sample: Sample,
  seed: number,
  runs: number,
): Promise<Record<Outcome, number>> {
  const counts = { refused: 0, ran: 0 };
  const pack = sample.pack ?? ((parts) => parts);
  const property = fc.asyncProperty(damages, fc.boolean(), async (list, isSigned) => {
    const parts = damaged(sample.parts, list);
    const started = performance.now();
    const outcomes = await outcomesOf(sample, isSigned ? signed(pack(parts)) : pack(parts));
    const took = performance.now() - started;
    assert.ok(took < TIME_LIMIT_MS, `it took ${took} ms`);
    for (const outcome of outcomes) counts[outcome] += 1;
  });
  await fc.assert(property, { seed, numRuns: runs, endOnFailure: true });
  return counts;
}
