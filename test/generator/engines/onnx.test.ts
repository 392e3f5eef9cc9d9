import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type { Engine, Lane } from '../../../src/generator/engines/engine.ts';
import { createOnnxEngine } from '../../../src/generator/engines/onnx.ts';
import { loadModel } from '../../../src/generator/model/files.ts';
import type { Model } from '../../../src/generator/model/model.ts';
import { sampleFromLogits, uniformAt } from '../../../src/generator/sampling.ts';
import { randomModel } from '../model/random-model.ts';
import { logSoftmax, Reference } from './reference.ts';

const CROWD = 128;
/** Distance from the float64 reference, as a share of the largest logit. */
const PARITY = 1e-4;

/** Ids that look like nothing in particular. */
function noiseIds(model: Model, count: number, seed: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.floor(uniformAt(seed, i, 0) * model.vocabulary.size));
}

/** Compares bits, so that not even 0 and -0 are the same. */
function assertSameBits(actual: Float32Array, expected: Float32Array, what: string): void {
  const bits = (values: Float32Array) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  assert.ok(bits(actual).equals(bits(expected)), what);
}

async function assertParity(
  model: Model,
  engine: Engine,
  texts: readonly (readonly number[])[],
): Promise<void> {
  const references = texts.map(() => new Reference(model));
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

describe('the onnx engine with the model of this repository', () => {
  let model: Model;
  let engine: Engine;
  before(async () => {
    model = await loadModel(fileURLToPath(new URL('../../../models/scifi', import.meta.url)));
    engine = await createOnnxEngine(model, { capacity: CROWD });
  });
  after(() => engine.close());

  test('agrees with the formulas in float64 over 200 carried steps', async () => {
    const text = 'It all began with the ship. '.repeat(8);
    const { ids } = model.vocabulary.encode(text);
    await assertParity(model, engine, [
      [model.vocabulary.endOfText, ...ids].slice(0, 200),
      noiseIds(model, 200, 1),
    ]);
  });

  test('agrees with what was measured when the model was trained', async () => {
    // [id, the likeliest next id, ln p of that, ln p of the id that follows] of the unrounded weights in
    // float64, for U+0003 and "It all began with"; the last one is followed by U+0003.
    const measured: [number, number, number, number][] = [
      [0, 85, -2.511846, -2.561685],
      [43, 2, -1.148159, -1.191174],
      [86, 2, -0.366337, -0.366337],
      [2, 89, -1.265585, -2.986018],
      [67, 78, -1.277197, -1.277197],
      [78, 78, -0.73029, -0.73029],
      [78, 2, -0.194038, -0.194038],
      [2, 86, -1.734636, -3.036505],
      [68, 71, -0.552638, -0.552638],
      [71, 73, -1.339474, -1.339474],
      [73, 67, -0.524811, -0.524811],
      [67, 80, -0.000745, -0.000745],
      [80, 2, -0.095742, -0.095742],
      [2, 86, -0.387025, -3.680467],
      [89, 75, -0.913866, -0.913866],
      [75, 86, -0.146913, -0.146913],
      [86, 74, -0.008884, -0.008884],
      [74, 2, -0.285757, -32.959538],
    ];
    // What rounding the weights to float16 moves.
    const tolerance = (logProbability: number) => 0.005 * Math.max(1, Math.abs(logProbability));
    engine.clear(0);
    for (const [step, [id, likeliest, ofLikeliest, ofNext]] of measured.entries()) {
      const row = logSoftmax(await engine.logits([0], [id]));
      const next = measured[step + 1]?.[0] ?? model.vocabulary.endOfText;
      assert.equal(row.indexOf(Math.max(...row)), likeliest, `step ${step}`);
      assert.ok(Math.abs(row[likeliest]! - ofLikeliest) < tolerance(ofLikeliest), `step ${step}`);
      assert.ok(Math.abs(row[next]! - ofNext) < tolerance(ofNext), `step ${step}: ${row[next]} ${ofNext}`);
    }
  });

  test('gives a slot the same bits alone and in a crowd of any size, in any row', async () => {
    const steps = 6;
    const ids = Array.from({ length: CROWD }, (_, slot) => noiseIds(model, steps + CROWD, slot));
    const size = model.vocabulary.size;
    const alone: Float32Array[][] = [];
    for (let slot = 0; slot < CROWD; slot++) {
      engine.clear(slot);
      alone.push([]);
      for (let step = 0; step < steps; step++) {
        alone[slot]!.push(await engine.logits([slot], [ids[slot]![step]!]));
      }
    }
    for (let slot = 0; slot < CROWD; slot++) engine.clear(slot);
    // Every size from 1 to 128; each call takes the slots that are behind, so all come to the end.
    const read = new Array<number>(CROWD).fill(0);
    for (let call = 0; read.some((count) => count < steps); call++) {
      const crowd = 1 + ((call * 37) % CROWD);
      const slots = Array.from({ length: CROWD }, (_, i) => (i * 45 + call * 11) % CROWD)
        .filter((slot) => read[slot]! < steps)
        .slice(0, crowd);
      const logits = await engine.logits(
        slots,
        slots.map((slot) => ids[slot]![read[slot]!]!),
      );
      slots.forEach((slot, row) => {
        const expected = alone[slot]![read[slot]!]!;
        assertSameBits(
          logits.subarray(row * size, (row + 1) * size),
          expected,
          `slot ${slot} among ${slots.length}`,
        );
        read[slot]! += 1;
      });
    }
    for (let crowd = 1; crowd <= CROWD; crowd++) {
      const slots = Array.from({ length: crowd }, (_, i) => (i * 45 + crowd) % CROWD);
      for (const slot of slots) engine.clear(slot);
      const logits = await engine.logits(
        slots,
        slots.map((slot) => ids[slot]![0]!),
      );
      slots.forEach((slot, row) => {
        assertSameBits(
          logits.subarray(row * size, (row + 1) * size),
          alone[slot]![0]!,
          `${slot} among ${crowd}`,
        );
      });
    }
  });

  test('gives the same bits on one thread as on several', async () => {
    const single = await createOnnxEngine(model, { capacity: 8, threads: 1 });
    try {
      const slots = [0, 1, 2, 3, 4, 5, 6, 7];
      for (const slot of slots) engine.clear(slot);
      for (let step = 0; step < 20; step++) {
        const ids = noiseIds(model, slots.length, step);
        assertSameBits(await single.logits(slots, ids), await engine.logits(slots, ids), `step ${step}`);
      }
    } finally {
      await single.close();
    }
  });

  test('never blocks the event loop for long', async () => {
    const slots = Array.from({ length: CROWD }, (_, slot) => slot);
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    for (let step = 0; step < 100; step++) await engine.logits(slots, noiseIds(model, CROWD, step));
    delay.disable();
    assert.ok(delay.percentile(95) < 50e6, `the event loop waited ${delay.percentile(95) / 1e6} ms`);
  });
});

describe('the onnx engine', () => {
  test('agrees with the formulas for other numbers of layers, units and columns', async () => {
    for (const [seed, units] of [[3], [16, 16], [1, 2, 3], [33, 7, 20, 5]].entries()) {
      const model = randomModel({ units, seed, columns: seed + 1 });
      const engine = await createOnnxEngine(model, { capacity: 3 });
      await assertParity(
        model,
        engine,
        [1, 2, 3].map((text) => noiseIds(model, 200, text)),
      );
      await engine.close();
    }
  });

  test('lets slots come, go, return and begin again without touching the others', async () => {
    const model = randomModel({ units: [9, 5] });
    const size = model.vocabulary.size;
    const capacity = 5;
    const crowd = await createOnnxEngine(model, { capacity });
    const alone = await createOnnxEngine(model, { capacity });
    const trips = fc.array(
      fc.record({
        slots: fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 1 }),
        cleared: fc.subarray([0, 1, 2, 3, 4]),
        seed: fc.nat(1_000),
      }),
      { maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(trips, async (calls) => {
        for (let slot = 0; slot < capacity; slot++) {
          crowd.clear(slot);
          alone.clear(slot);
        }
        for (const { slots, cleared, seed } of calls) {
          for (const slot of cleared) {
            crowd.clear(slot);
            alone.clear(slot);
          }
          const ids = noiseIds(model, slots.length, seed);
          const logits = await crowd.logits(slots, ids);
          for (const [row, slot] of slots.entries()) {
            const expected = await alone.logits([slot], [ids[row]!]);
            assertSameBits(logits.subarray(row * size, (row + 1) * size), expected, `slot ${slot}`);
          }
        }
      }),
      { numRuns: 60 },
    );
    await crowd.close();
    await alone.close();
  });

  test('draws from its own logits', async () => {
    const model = randomModel();
    const [drawing, telling] = await Promise.all([
      createOnnxEngine(model, { capacity: 4 }),
      createOnnxEngine(model, { capacity: 4 }),
    ]);
    const temperatures = [0, 0.4, 1, 2];
    let ids = [0, 3, 4, 5];
    for (let step = 0; step < 50; step++) {
      const lanes = temperatures.map(
        (temperature, slot): Lane => ({
          slot,
          feed: [ids[slot]!],
          temperature,
          uniforms: [uniformAt(slot, step, 0)],
        }),
      );
      const logits = await telling.logits([0, 1, 2, 3], ids);
      const drawn = await drawing.advance(lanes, 1);
      ids = temperatures.map((temperature, slot) =>
        sampleFromLogits(logits, slot * 12, 12, temperature, uniformAt(slot, step, 0)),
      );
      assert.deepEqual([...drawn], ids);
    }
    await Promise.all([drawing.close(), telling.close()]);
  });

  test('says what it is', async () => {
    const engine = await createOnnxEngine(randomModel(), { capacity: 7 });
    const { name, capacity, vocabularySize, stepsPerTrip } = engine;
    assert.deepEqual(
      { name, capacity, vocabularySize, stepsPerTrip },
      { name: 'onnx', capacity: 7, vocabularySize: 12, stepsPerTrip: 1 },
    );
    await engine.close();
  });
});

describe('the onnx engine refuses', () => {
  let engine: Engine;
  before(async () => {
    engine = await createOnnxEngine(randomModel(), { capacity: 4 });
  });
  after(() => engine.close());
  const lane = (change: Partial<Lane> = {}): Lane => ({
    slot: 0,
    feed: [1],
    temperature: 1,
    uniforms: [0.5],
    ...change,
  });

  const mistakes: [string, () => Promise<unknown>, RegExp][] = [
    ['no lanes', () => engine.advance([], 1), /at least one slot, got none/],
    ['several steps', () => engine.advance([lane()], 2), /`steps` to be an integer from 1 to 1, got 2/],
    ['a slot that it has not', () => engine.advance([lane({ slot: 4 })], 1), /`slot` .* from 0 to 3, got 4/],
    ['a slot twice', () => engine.advance([lane(), lane()], 1), /no slot twice, got 0, 0/],
    ['nothing to feed', () => engine.advance([lane({ feed: [] })], 1), /`feed` of slot 0 .* got 0/],
    ['too much to feed', () => engine.advance([lane({ feed: [1, 2] })], 1), /`feed` of slot 0 .* got 2/],
    ['an id outside', () => engine.advance([lane({ feed: [12] })], 1), /`id` .* from 0 to 11, got 12/],
    ['no uniform', () => engine.advance([lane({ uniforms: [] })], 1), /`uniforms` of slot 0/],
    ['a cold temperature', () => engine.advance([lane({ temperature: -1 })], 1), /`temperature` of slot 0/],
    ['logits of no slot', () => engine.logits([], []), /at least one slot/],
    ['logits of a slot twice', () => engine.logits([1, 1], [1, 1]), /no slot twice/],
    ['half a slot', () => engine.logits([0.5], [1]), /`slot` .* got 0\.5/],
    ['an id that is none', () => engine.logits([0], [Number.NaN]), /`id` .* got NaN/],
    ['more slots than ids', () => engine.logits([0, 1], [1]), /`ids` to hold 2, .* got 1/],
  ];
  for (const [what, call, message] of mistakes) {
    test(what, () => assert.rejects(call, message));
  }

  test('to clear a slot that it has not', () => {
    assert.throws(() => engine.clear(-1), /`slot` .* from 0 to 3, got -1/);
  });

  test('options out of range', async () => {
    for (const capacity of [0, -1, 1.5, Number.NaN, 1e9]) {
      await assert.rejects(createOnnxEngine(randomModel(), { capacity }), /Expected `capacity` to be/);
    }
    for (const threads of [0, 0.5, 1e6]) {
      await assert.rejects(
        createOnnxEngine(randomModel(), { capacity: 1, threads }),
        /Expected `threads` to be/,
      );
    }
  });

  test('a second call while the first is under way, which goes on undisturbed', async () => {
    engine.clear(0);
    const expected = await engine.logits([0], [5]);
    engine.clear(0);
    const first = engine.logits([0], [5]);
    await assert.rejects(engine.logits([1], [5]), /one call at a time/);
    await assert.rejects(engine.advance([lane({ slot: 2 })], 1), /one call at a time/);
    assertSameBits(await first, expected, 'the first call');
  });

  test('nothing when a slot is cleared while a step is under way: it is clear afterwards', async () => {
    engine.clear(0);
    const expected = await engine.logits([0], [5]);
    const under = engine.logits([0], [6]);
    engine.clear(0);
    await under;
    assertSameBits(await engine.logits([0], [5]), expected, 'after the clearing');
  });

  test('calls after closing, which waits for the one under way', async () => {
    const closing = await createOnnxEngine(randomModel(), { capacity: 1 });
    const last = closing.logits([0], [1]);
    const closed = closing.close();
    await assert.rejects(closing.logits([0], [1]), /after `close`/);
    assert.equal((await last).length, 12);
    await closed;
    await closing.close();
  });
});
