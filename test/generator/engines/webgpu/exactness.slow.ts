/** The webgpu engine writes what the integer engine writes, bit for bit. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Engine } from '../../../../src/generator/engines/engine.ts';
import { createIntegerEngine } from '../../../../src/generator/engines/integer/create.ts';
import { planOf } from '../../../../src/generator/engines/integer/plan.ts';
import { createWebgpuEngine } from '../../../../src/generator/engines/webgpu/engine.ts';
import { isExact } from '../../../../src/generator/engines/webgpu/exactness.ts';
import type { Programs } from '../../../../src/generator/engines/webgpu/programs.ts';
import { loadModel } from '../../../../src/generator/model/files.ts';
import type { Model } from '../../../../src/generator/model/model.ts';
import { RandomLayers } from '../../model/random-layers.ts';
import { modelOf, randomModel } from '../../model/random-model.ts';
import { assertSameBits, noiseIds } from '../assertions.ts';
import { IntegerReference } from '../integer/reference.ts';
import { skipWithoutWebgpu } from '../tensorflow-backends.ts';
import { write } from './rows.ts';
import { openTestDevice, type TestDevice } from './webgpu-device.ts';

const SCIFI = fileURLToPath(new URL('../../../../models/scifi', import.meta.url));
const skip = skipWithoutWebgpu();

let device: TestDevice;
const create = async (model: Model, capacity: number): Promise<Engine> => {
  device ??= await openTestDevice();
  return createWebgpuEngine(model, device.opened, device.programs, { capacity, name: 'integer' });
};

describe('the webgpu engine', { skip }, () => {
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
      const engine = await create(model, 20);
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
      const [gpu, cpu] = [await create(model, capacity), await createIntegerEngine(model, { capacity })];
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

  test('writes the texts of the integer engine with the model of this repository', async () => {
    const model = await loadModel(SCIFI);
    const [gpu, cpu] = [await create(model, 12), await createIntegerEngine(model, { capacity: 12 })];
    for (const crowd of [[4], Array.from({ length: 12 }, (_, slot) => slot)]) {
      assert.deepEqual(await write(gpu, model, crowd, 2), await write(cpu, model, crowd, 2));
    }
    await gpu.close();
    await cpu.close();
  });

  test('gives the same bits where the language has no products of bytes', async () => {
    const { opened, programs } = await openTestDevice(new Set());
    assert.ok(await isExact(opened.device, programs));
    opened.device.destroy();
  });

  test('finds out that a device computes other bits', async () => {
    const { opened, programs } = await openTestDevice();
    assert.ok(await isExact(opened.device, programs));
    // Its layers compute nothing.
    const other = { ...programs, layerFor: () => ({ pipeline: programs.draw, rows: 1 }) };
    assert.ok(!(await isExact(opened.device, other as unknown as Programs)));
    opened.device.destroy();
  });
});
