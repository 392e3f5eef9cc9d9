/** Step counts that take minutes on a software GPU. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import type { TensorflowBackend } from '../../../src/generator/engines/tensorflow/backend.ts';
import { createTensorflowEngine } from '../../../src/generator/engines/tensorflow/engine.ts';
import { loadModel } from '../../../src/generator/model/files.ts';
import { assertParity, noiseIds } from './assertions.ts';
import { assertNoLeak } from './leaks.ts';
import { TEST_BACKENDS } from './tensorflow-backends.ts';

for (const { name, skip, open } of TEST_BACKENDS) {
  describe(`the tensorflow-${name} engine, long runs`, { skip }, () => {
    let backend: TensorflowBackend;
    before(async () => {
      backend = await open();
    });

    test('agrees with the formulas after 200 carried steps of the model of this repository', async () => {
      const model = await loadModel(fileURLToPath(new URL('../../../models/scifi', import.meta.url)));
      const engine = await createTensorflowEngine(model, backend, { capacity: 2 });
      await assertParity(model, engine, [noiseIds(model, 200, 1), noiseIds(model, 200, 2)]);
      await engine.close();
    });

    test('leaks no tensor in 100,000 steps', async () => {
      const before = tf.memory().numTensors;
      await assertNoLeak(backend, 100_000);
      assert.equal(tf.memory().numTensors, before);
    });
  });
}
