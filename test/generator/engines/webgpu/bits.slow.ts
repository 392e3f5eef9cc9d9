/** The webgpu engine writes what the integer engine writes, bit for bit. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createIntegerEngine } from '../../../../src/generator/engines/integer/create.ts';
import { planOf } from '../../../../src/generator/engines/integer/plan.ts';
import type { Model } from '../../../../src/generator/model/model.ts';
import { RandomLayers } from '../../model/random-layers.ts';
import { modelOf, randomModel } from '../../model/random-model.ts';
import { assertSameBits, noiseIds } from '../assertions.ts';
import { IntegerReference } from '../integer/reference.ts';
import { skipWithoutWebgpu } from '../tensorflow-backends.ts';
import { write } from './rows.ts';
import { createOnTestDevice } from './webgpu-device.ts';

describe('the webgpu engine', { skip: skipWithoutWebgpu() }, () => {
  const random = new RandomLayers(5);
  const residual = () => ({ ...random.lstm(48, 48), residual: true as const });
  const stack = modelOf([
    ...[random.embedding(12, 5), random.lstm(5, 32), random.lstm(32, 48), residual(), residual()],
    random.dense(48, 12),
  ]);
  const models: readonly Model[] = [
    randomModel({ units: [16], characters: 33, scale: 3 }),
    randomModel({ units: [64, 32], characters: 97 }),
    randomModel({ units: [48, 272], characters: 130 }),
    stack,
  ];

  test('gives the bits of the definition, with few rows and with many', async () => {
    for (const [i, model] of models.entries()) {
      const engine = await createOnTestDevice(model, 20);
      const plan = planOf(model);
      for (const rows of [1, 3, 9, 20]) {
        const slots = Array.from({ length: rows }, (_, slot) => slot);
        const references = slots.map(() => new IntegerReference(plan));
        for (const slot of slots) engine.clear(slot);
        for (let step = 0; step < 3; step++) {
          const ids = noiseIds(model, rows, step);
          const expected = Float32Array.from(references.flatMap((one, row) => one.step(ids[row]!)));
          assertSameBits(await engine.logits(slots, ids), expected, `model ${i}, ${rows} rows, step ${step}`);
        }
      }
      await engine.close();
    }
  });

  test('draws what the integer engine draws, alone and in any crowd', async () => {
    for (const model of models) {
      const capacity = 32;
      const [gpu, cpu] = [
        await createOnTestDevice(model, capacity),
        await createIntegerEngine(model, { capacity }),
      ];
      const slots = Array.from({ length: capacity }, (_, slot) => slot);
      const expected = await write(cpu, model, slots, 2);
      for (const crowd of [slots, [3, 17, 8, 24, 31], [30]]) {
        for (const [slot, ids] of await write(gpu, model, crowd, 2)) {
          assert.deepEqual(ids, expected.get(slot), `slot ${slot} among ${crowd.length}`);
        }
      }
      await gpu.close();
      await cpu.close();
    }
  });
});
