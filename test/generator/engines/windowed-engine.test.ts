/**
 * The windowed engine without its matrix products: over a runner that computes every window from the
 * formulas, it fulfils the contract like an engine that carries a state, as long as no id has left the
 * window.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as breathe } from 'node:timers/promises';
import { insideWord } from '../../../src/generator/engines/rows.ts';
import { WindowedEngine, type WindowRunner } from '../../../src/generator/engines/windowed-engine.ts';
import type { Model } from '../../../src/generator/model/model.ts';
import { randomModel } from '../model/random-model.ts';
import { assertSameBits, noiseIds } from './assertions.ts';
import { describeContract } from './engine-contract.ts';
import { Reference } from './reference.ts';

/** Counts the windows that it reads. */
class ReferenceRunner implements WindowRunner {
  readonly #model: Model;
  windows = 0;

  constructor(model: Model) {
    this.#model = model;
  }

  async run({ rows, steps, ids, lengths }: Parameters<WindowRunner['run']>[0]): Promise<Float32Array> {
    this.windows += rows;
    await breathe();
    const logits = Array.from({ length: rows }, (_, row) => {
      const reference = new Reference(this.#model);
      let last: number[] = [];
      for (let step = steps - lengths[row]!; step < steps; step++) {
        last = reference.step(ids[step * rows + row]!);
      }
      return last;
    });
    return Float32Array.from(logits.flat());
  }

  async close(): Promise<void> {}
}

function windowed(model: Model, capacity: number, characters: number) {
  const runner = new ReferenceRunner(model);
  const about = { name: 'windowed', capacity, inside: insideWord(model), characters };
  return { engine: new WindowedEngine(about, runner), runner };
}

describeContract({
  name: 'windowed',
  skip: false,
  draws: 2_048,
  runs: 10,
  isSlow: true,
  create: async (model, capacity) => windowed(model, capacity, 1_000).engine,
});

describe('a windowed engine', () => {
  const model = randomModel();

  test('forgets ids that have left the window', async () => {
    const { engine } = windowed(model, 2, 5);
    const ids = noiseIds(model, 40, 1);
    for (const id of ids) await engine.logits([0], [id]);
    const after = await engine.logits([0], [3]);
    for (const id of ids.slice(-4)) await engine.logits([1], [id]);
    assertSameBits(after, await engine.logits([1], [3]), 'the last five ids are all that counts');
  });

  test('reads a window for each drawn id, and none for an id that is only fed', async () => {
    const { engine, runner } = windowed(model, 2, 5);
    const uniforms = [0.5, 0.5, 0.5, 0.5];
    const reading = { slot: 0, feed: [1, 2, 3, 4], temperature: 1, uniforms };
    await engine.decode([reading, { slot: 1, feed: [1], temperature: 1, uniforms }], 4);
    assert.equal(runner.windows, 1 + 4);
  });
});
