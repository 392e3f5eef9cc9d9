/** The simulation behind docs/capacity.md, compared with exact results of queueing theory. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { interpolate, type Load, quantile, simulate, type Writer } from '../../bench/capacity/simulation.ts';

const CONSTANT: Writer = { slots: 1, ahead: 0, charactersPerStep: 1, stepMs: () => 10 };
const LOAD: Load = { storiesPerSecond: 0.5, seconds: 60_000, prompt: 20, lengths: [80], seed: 1 };

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const near = (got: number, expected: number, share: number, what: string) =>
  assert.ok(Math.abs(got - expected) <= share * expected, `${what}: expected ${expected}, got ${got}`);

describe('the simulation of workers', () => {
  it('has the mean wait of the Pollaczek–Khinchine formula with one slot', () => {
    // A service of exactly one second: a load of 0.5 and 0.8, and a mean wait of load / (2 (1 - load)) seconds.
    for (const load of [0.5, 0.8]) {
      const { waits, writings, busy } = simulate(CONSTANT, 1, { ...LOAD, storiesPerSecond: load });
      near(mean(waits), (1_000 * load) / (2 * (1 - load)), 0.05, `mean wait at ${load}`);
      near(busy, load, 0.02, 'busy');
      assert.deepEqual(
        [writings[0]!.toFixed(6), writings.at(-1)!.toFixed(6)],
        ['1000.000000', '1000.000000'],
      );
    }
  });

  it('has as many active stories as Little’s law says, and no waiting story while slots are free', () => {
    const roomy: Writer = { ...CONSTANT, slots: 1_000 };
    const { waits, batch, writings, busy } = simulate(roomy, 1, {
      ...LOAD,
      storiesPerSecond: 8,
      seconds: 2_000,
    });
    near(batch * busy, (8 * mean(writings)) / 1_000, 0.03, 'stories under way');
    // A story that arrives in the middle of a step waits for its end.
    assert.ok(waits.at(-1)! <= 10);
    near(mean(waits), 5, 0.05, 'mean wait for the next step');
  });

  it('loses no story, distributes them evenly, and reports the time of the first word', () => {
    const slow: Writer = { slots: 2, ahead: 1, charactersPerStep: 4, stepMs: (stories) => 10 * stories };
    const load = { ...LOAD, storiesPerSecond: 30, seconds: 30, lengths: [3, 40, 400] };
    const one = simulate(slow, 1, load);
    const four = simulate(slow, 4, load);
    assert.equal(one.waits.length, four.waits.length);
    assert.ok(quantile(one.waits, 0.5) > 4 * quantile(four.waits, 0.5), 'one is far too few');
    for (const [index, first] of four.firsts.entries()) assert.ok(first >= four.waits[index]! + 10);
    assert.ok(one.busy > 0.99 && one.batch > 1.99);
  });

  it('covers every measured configuration', () => {
    const line = interpolate([
      [1, 10],
      [4, 16],
      [8, 40],
    ]);
    assert.deepEqual([1, 2, 4, 6, 8, 10].map(line), [10, 12, 16, 28, 40, 52]);
  });
});
