import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { getPriority } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, test } from 'node:test';
import { drawProbabilities } from '../../../../src/generator/draw-probabilities.ts';
import type { Engine, Row } from '../../../../src/generator/engines/engine.ts';
import { createIntegerEngine } from '../../../../src/generator/engines/integer/create.ts';
import { kernelNames, loadKernel } from '../../../../src/generator/engines/integer/kernels.ts';
import { digestOf } from '../../../../src/generator/engines/integer/known-vector.ts';
import { planOf } from '../../../../src/generator/engines/integer/plan.ts';
import type { Model } from '../../../../src/generator/model/model.ts';
import { uniformAt } from '../../../../src/generator/sampler.ts';
import { RandomLayers } from '../../model/random-layers.ts';
import { modelOf, randomModel } from '../../model/random-model.ts';
import { assertSameBits, noiseIds } from '../assertions.ts';
import { describeContract } from '../engine-contract.ts';
import { IntegerReference } from './reference.ts';

describeContract({
  name: 'integer',
  skip: false,
  draws: 4_096,
  runs: 60,
  unitMultiple: 16,
  referenceOf: (model) => new IntegerReference(planOf(model)),
  create: (model, capacity) => createIntegerEngine(model, { capacity }),
});

const RESIDUAL = planned([32, 48, 48, 48], 5);

/** A residual stack above one layer. */
function planned(units: readonly number[], seed: number): Model {
  const random = new RandomLayers(seed);
  const lstms = units.map((size, i) => {
    const lstm = random.lstm(units[i - 1] ?? 5, size);
    return size === units[i - 1] ? { ...lstm, residual: true as const } : lstm;
  });
  return modelOf([random.embedding(12, 5), ...lstms, random.dense(units.at(-1)!, 12)]);
}

/** Reads `steps` ids in each of `slots` slots, and compares every logit with the reference, bit for bit. */
async function assertExact(model: Model, engine: Engine, slots: number, steps: number): Promise<void> {
  const plan = planOf(model);
  const references = Array.from({ length: slots }, () => new IntegerReference(plan));
  const all = references.map((_, slot) => slot);
  for (const slot of all) engine.clear(slot);
  const texts = all.map((slot) => noiseIds(model, steps, slot));
  for (let step = 0; step < steps; step++) {
    const ids = texts.map((text) => text[step]!);
    const expected = Float32Array.from(references.flatMap((reference, slot) => reference.step(ids[slot]!)));
    assertSameBits(await engine.logits(all, ids), expected, `step ${step}`);
  }
}

const KERNELS = await kernelNames();

describe('the integer engine', () => {
  for (const kernel of KERNELS) {
    test(`gives the bits of its definition with the kernel ${kernel}`, async () => {
      const oneHot = new RandomLayers(3, 2);
      const models = [
        randomModel({ units: [16], characters: 33, scale: 3 }),
        randomModel({ units: [64, 32], characters: 97 }),
        RESIDUAL,
        modelOf([
          { kind: 'one_hot', size: 20 },
          oneHot.dense(20, 7, 'relu'),
          oneHot.lstm(7, 32),
          oneHot.dense(32, 20),
        ]),
      ];
      for (const model of models) {
        const engine = await createIntegerEngine(model, {
          ...{ capacity: 11, threads: 2 },
          kernel: await loadKernel(kernel),
        });
        await assertExact(model, engine, 1, 20);
        // Each remainder of a tile of rows, by units and by rows.
        for (const rows of [2, 3, 7, 9, 11]) await assertExact(model, engine, rows, 3);
        await engine.close();
      }
    });
  }

  test('gives the same bits for any number of threads, slots and steps of a decode', async () => {
    const model = randomModel({ units: [48, 32], characters: 30, scale: 1.5 });
    const [one, three] = await Promise.all(
      [1, 3].map((threads) => createIntegerEngine(model, { capacity: 100, threads })),
    );
    const rowsOf = (slots: readonly number[], from: number, steps: number, feed: (slot: number) => number) =>
      slots.map(
        (slot): Row => ({
          ...{ slot, feed: [feed(slot)], temperature: 1 },
          uniforms: Array.from({ length: steps }, (_, step) => uniformAt(slot, from + step, 0)),
        }),
      );
    const all = Array.from({ length: 100 }, (_, slot) => slot);
    const whole = await three!.decode(
      rowsOf(all, 0, 16, (slot) => slot % 30),
      16,
    );
    for (const slot of all.filter((slot) => slot % 9 === 0)) {
      let last = slot % 30;
      const drawn: number[] = [];
      for (const steps of [1, 2, 5, 8]) {
        const ids = await one!.decode(
          rowsOf([slot], drawn.length, steps, () => last),
          steps,
        );
        drawn.push(...ids);
        last = ids.at(-1)!;
      }
      assert.deepEqual(drawn, [...whole.subarray(slot * 16, (slot + 1) * 16)], `slot ${slot}`);
    }
    await one!.close();
    await three!.close();
  });

  test('gives the same bits of probabilities with every kernel and number of threads', async () => {
    const model = randomModel({ units: [48, 32], characters: 30, scale: 1.5 });
    const digests: number[] = [];
    for (const [index, kernel] of KERNELS.entries()) {
      const threads = 1 + (index % 3);
      const engine = await createIntegerEngine(model, {
        ...{ capacity: 20, threads },
        kernel: await loadKernel(kernel),
      });
      const rows = Array.from({ length: 20 }, (_, slot): Row => {
        const uniforms = Array.from({ length: 8 }, (_, step) => uniformAt(slot, step, 0));
        const probabilities = slot % 2 === 0 ? drawProbabilities(8) : undefined;
        return { slot, feed: [slot], temperature: 0.8, minP: 0.01, uniforms, probabilities };
      });
      await engine.decode(rows, 8);
      const asked = rows.flatMap(({ probabilities }) => probabilities ?? []);
      digests.push(digestOf(asked.flatMap(({ ids, values }) => [ids, values])));
      assert.ok(asked.every(({ values }) => values.every((value) => value >= 0 && value <= 1)));
      await engine.close();
    }
    assert.deepEqual(
      digests,
      KERNELS.map(() => 422_574_680),
    );
  });

  test('runs two decodes of different slots at a time, as if each were alone', async () => {
    const model = randomModel({ units: [48, 32], characters: 30, scale: 1.5 });
    const sizes = { capacity: 24, threads: 2 };
    const [both, alone] = await Promise.all([1, 2].map(() => createIntegerEngine(model, sizes)));
    assert.equal(both!.rowsToSplit, 16);
    const rowsOf = (from: number, to: number, call: number) =>
      Array.from({ length: to - from }, (_, i): Row => {
        const uniforms = Array.from({ length: 16 }, (_, step) => uniformAt(from + i, 16 * call + step, 0));
        return { slot: from + i, feed: [(from + i + call) % 30], temperature: 1, uniforms };
      });
    for (let call = 0; call < 40; call++) {
      // Of few rows, whose units are shared, and of more; of equal lengths and of different ones.
      const split = 1 + ((call * 7) % 23);
      const batches = [rowsOf(0, split, call), rowsOf(split, 24, call)];
      const steps = 1 + (call % 16);
      const expected = [await alone!.decode(batches[0]!, steps), await alone!.decode(batches[1]!, 16)];
      const active = [both!.decode(batches[0]!, steps), both!.decode(batches[1]!, 16)];
      if (call % 10 === 0)
        await assert.rejects(both!.decode(rowsOf(0, 1, 0), 1), /Expected 2 calls at a time/);
      assert.deepEqual(await Promise.all(active), expected, `call ${call}`);
    }
    await Promise.all([both!.close(), alone!.close()]);
  });

  test('makes decodes short where the processor is slow', async () => {
    let now = 0;
    const engine = await createIntegerEngine(randomModel({ units: [16] }), {
      ...{ capacity: 1, threads: 1 },
      // Each decode takes 40 ms.
      clock: () => (now += 40),
    });
    const row: Row = { slot: 0, feed: [1], temperature: 1, uniforms: new Float64Array(16) };
    for (let call = 0; call < 5; call++) await engine.decode([row], 2);
    assert.equal(engine.stepsFor!(1), 1);
    await engine.close();
  });

  test('decodes a batch with many sets of allowed ids', async () => {
    const model = randomModel({ units: [16], characters: 90 });
    const engine = await createIntegerEngine(model, { capacity: 80 });
    const rows = Array.from({ length: 80 }, (_, slot): Row => {
      const only = Uint8Array.from({ length: 90 }, (_, id) => (id === slot ? 1 : 0));
      return { slot, feed: [1], temperature: 1, uniforms: [0.5, 0.5], allowed: [only, only] };
    });
    assert.deepEqual(
      [...(await engine.decode(rows, 2))],
      rows.flatMap(({ slot }) => [slot, slot]),
    );
    await engine.close();
  });

  test('fails where the logits are no distribution, and goes on afterwards', async () => {
    const random = new RandomLayers(1);
    const [lstm, dense] = [random.lstm(5, 256), random.dense(256, 12)];
    // Open gates make every hidden state positive, and the logits overflow.
    const open = { ...lstm, bias: lstm.bias.map(() => 5) };
    const model = modelOf([random.embedding(12, 5), open, { ...dense, kernel: dense.kernel.fill(3e38) }]);
    const engine = await createIntegerEngine(model, { capacity: 1, threads: 2 });
    const row: Row = { slot: 0, feed: [1], temperature: 1, uniforms: [0.5] };
    for (let i = 0; i < 2; i++) {
      await assert.rejects(engine.decode([row], 1), /Nothing can be drawn from such logits/);
    }
    await engine.close();
  });

  test('never blocks the event loop for long', async () => {
    const engine = await createIntegerEngine(randomModel({ units: [512, 512] }), { capacity: 64 });
    const slots = Array.from({ length: 64 }, (_, slot) => slot);
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    for (let step = 0; step < 50; step++)
      await engine.logits(
        slots,
        slots.map((slot) => slot % 12),
      );
    delay.disable();
    assert.ok(delay.percentile(95) < 50e6, `the event loop waited ${delay.percentile(95) / 1e6} ms`);
    await engine.close();
  });

  test('computes in threads of a lower priority than the event loop', {
    skip: process.platform === 'linux' ? false : 'a thread has a priority of its own on Linux only',
  }, async () => {
    const lower = () =>
      readdirSync('/proc/self/task').filter((thread) => getPriority(Number(thread)) > getPriority()).length;
    const before = lower();
    const engine = await createIntegerEngine(randomModel({ units: [16] }), { capacity: 1, threads: 3 });
    assert.equal(lower() - before, 3);
    await engine.close();
  });

  test('reports its name and size', async () => {
    const engine = await createIntegerEngine(randomModel({ units: [16] }), { capacity: 7 });
    const { name, capacity, vocabularySize, stepsPerDecode } = engine;
    assert.deepEqual(
      { name, capacity, vocabularySize, stepsPerDecode },
      { name: 'integer-1', capacity: 7, vocabularySize: 12, stepsPerDecode: 16 },
    );
    await engine.close();
  });

  test('refuses numbers of threads out of range', async () => {
    for (const threads of [0, 0.5, 1e6]) {
      await assert.rejects(
        createIntegerEngine(randomModel({ units: [16] }), { capacity: 1, threads }),
        /Expected `threads` to be/,
      );
    }
  });
});
