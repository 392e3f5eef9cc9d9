import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Engine } from '../../../src/generator/engines/engine.ts';
import { createOnnxEngine } from '../../../src/generator/engines/onnx.ts';
import { loadModel } from '../../../src/generator/model/files.ts';
import type { Model } from '../../../src/generator/model/model.ts';
import { sized } from '../../helpers/sized.ts';
import { randomModel } from '../model/random-model.ts';
import { assertParity, assertSameBits, noiseIds } from './assertions.ts';
import { type ContractOptions, describeContract } from './engine-contract.ts';
import { describeKinds } from './kinds.ts';
import { logSoftmax } from './reference.ts';

const CROWD = 128;
describe('the onnx engine with the model of this repository', () => {
  let model: Model;
  let engine: Engine;
  before(async () => {
    model = await loadModel(fileURLToPath(new URL('../../../models/scifi', import.meta.url)));
    engine = await createOnnxEngine(model, { capacity: CROWD });
  });
  after(() => engine.close());

  test('agrees with the formulas in float64 over many carried steps', async () => {
    const steps = sized(40, 200);
    const text = 'It all began with the ship. '.repeat(8);
    const { ids } = model.vocabulary.encode(text);
    await assertParity(model, engine, [
      [model.vocabulary.bosId, ...ids].slice(0, steps),
      noiseIds(model, steps, 1),
    ]);
  });

  test('agrees with the values measured when the model was trained', async () => {
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
    // The effect of rounding the weights to float16.
    const tolerance = (logProbability: number) => 0.005 * Math.max(1, Math.abs(logProbability));
    engine.clear(0);
    for (const [step, [id, likeliest, ofLikeliest, ofNext]] of measured.entries()) {
      const row = logSoftmax(await engine.logits([0], [id]));
      const next = measured[step + 1]?.[0] ?? model.vocabulary.bosId;
      assert.equal(row.indexOf(Math.max(...row)), likeliest, `step ${step}`);
      assert.ok(Math.abs(row[likeliest]! - ofLikeliest) < tolerance(ofLikeliest), `step ${step}`);
      assert.ok(Math.abs(row[next]! - ofNext) < tolerance(ofNext), `step ${step}: ${row[next]} ${ofNext}`);
    }
  });

  test('gives a slot the same bits alone and among any number of slots, in any row', async () => {
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
    // Every size from 1 to 128; each call takes the slots that have read least, so that all reach the end.
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

  test('yields to the event loop at every step, and computes a full step in little time', async () => {
    const steps = 50;
    const slots = Array.from({ length: CROWD }, (_, slot) => slot);
    let turns = 0;
    let isDone = false;
    const countTurn = () => {
      turns++;
      if (!isDone) setImmediate(countTurn);
    };
    setImmediate(countTurn);
    const before = process.cpuUsage();
    for (let step = 0; step < steps; step++) await engine.logits(slots, noiseIds(model, CROWD, step));
    const { user, system } = process.cpuUsage(before);
    isDone = true;
    assert.ok(turns >= steps, `${turns} turns of the event loop in ${steps} steps`);
    // Processor time of all threads: unlike the time that passes, it does not grow with the machine's load.
    const stepMs = (user + system) / 1_000 / steps;
    assert.ok(stepMs < 100, `${stepMs} ms a step`);
  });
});

const contract: ContractOptions = {
  name: 'onnx',
  skip: false,
  draws: 4_096,
  runs: 60,
  create: (model, capacity) => createOnnxEngine(model, { capacity }),
};
describeContract(contract);
describeKinds(contract);

describe('the onnx engine', () => {
  test('reports its name and device', async () => {
    const engine = await createOnnxEngine(randomModel(), { capacity: 7 });
    const { name, capacity, vocabularySize, stepsPerDecode } = engine;
    assert.deepEqual(
      { name, capacity, vocabularySize, stepsPerDecode },
      { name: 'onnx', capacity: 7, vocabularySize: 12, stepsPerDecode: 1 },
    );
    await engine.close();
  });

  test('refuses numbers of threads out of range', async () => {
    for (const threads of [0, 0.5, 1e6]) {
      await assert.rejects(
        createOnnxEngine(randomModel(), { capacity: 1, threads }),
        /Expected `threads` to be/,
      );
    }
  });
});
