/** The webgpu engine writes the texts of the integer engine. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createIntegerEngine } from '../../../../src/generator/engines/integer/create.ts';
import { loadModel } from '../../../../src/generator/model/files.ts';
import { skipWithoutWebgpu } from '../tensorflow-backends.ts';
import { write } from './rows.ts';
import { createOnTestDevice } from './webgpu-device.ts';

const SCIFI = fileURLToPath(new URL('../../../../models/scifi', import.meta.url));

describe('the webgpu engine', { skip: skipWithoutWebgpu() }, () => {
  test('writes the texts of the integer engine with the model of this repository', async () => {
    const model = await loadModel(SCIFI);
    const [gpu, cpu] = [
      await createOnTestDevice(model, 12),
      await createIntegerEngine(model, { capacity: 12 }),
    ];
    for (const crowd of [[4], Array.from({ length: 12 }, (_, slot) => slot)]) {
      assert.deepEqual(await write(gpu, model, crowd, 2), await write(cpu, model, crowd, 2));
    }
    await gpu.close();
    await cpu.close();
  });
});
