import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import { createOnnxEngine } from '../../../src/generator/engines/onnx.ts';
import { loadModel, saveModel } from '../../../src/generator/model/files.ts';
import type { Model } from '../../../src/generator/model/model.ts';
import { logSoftmax } from '../engines/reference.ts';
import { randomModel } from './random-model.ts';

const SCIFI = fileURLToPath(new URL('../../../models/scifi', import.meta.url));
/** Two float32 implementations, compared by their probabilities. */
const TOLERANCE = 2e-5;

/** Opens a folder as TensorFlow.js itself does; only the files are read by us. */
function openWithTensorflow(folder: string): Promise<LayersModel> {
  return loadLayersModel({
    load: async () => {
      const json = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')) as tf.io.ModelJSON;
      return tf.io.getModelArtifactsForJSON(json, async (manifest) => {
        const shards = await Promise.all(
          manifest.flatMap((group) => group.paths).map((path) => readFile(join(folder, path))),
        );
        return [manifest.flatMap((group) => group.weights), new Uint8Array(Buffer.concat(shards)).buffer];
      });
    },
  });
}

/** Probabilities after each id, by TensorFlow.js: [ids.length, vocabulary size]. */
function probabilitiesByTensorflow(network: LayersModel, ids: readonly number[]): Float32Array {
  return tf.tidy(() => {
    const output = network.predict(tf.tensor2d([...ids], [1, ids.length])) as tf.Tensor;
    return output.dataSync() as Float32Array;
  });
}

async function compare(folder: string, model: Model, ids: readonly number[]): Promise<void> {
  const network = await openWithTensorflow(folder);
  const engine = await createOnnxEngine(model, { capacity: 1 });
  try {
    const theirs = probabilitiesByTensorflow(network, ids);
    for (const [step, id] of ids.entries()) {
      const ours = logSoftmax(await engine.logits([0], [id])).map(Math.exp);
      const row = theirs.subarray(step * ours.length, (step + 1) * ours.length);
      const worst = Math.max(...ours.map((p, i) => Math.abs(p - row[i]!)));
      assert.ok(worst < TOLERANCE, `after ${step + 1} characters a probability differs by ${worst}`);
    }
  } finally {
    await engine.close();
    network.dispose();
  }
}

describe('TensorFlow.js opens', () => {
  test('the model of this repository and gives the same probabilities', async () => {
    const model = await loadModel(SCIFI);
    const ids = [model.vocabulary.bosId, ...model.vocabulary.encode('It all began with').ids];
    await compare(SCIFI, model, ids);
  });

  for (const [title, model] of [
    ['a float32 model of three layers', randomModel({ units: [7, 5, 9] })],
    ['a residual stack', randomModel({ units: [7, 7, 7], residual: true })],
  ] as const) {
    test(`${title} and gives the same probabilities`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'tensorflow-'));
      try {
        await saveModel(folder, model, { dtype: 'float32' });
        const loaded = await loadModel(folder);
        assert.deepEqual(loaded.layers, model.layers);
        await compare(folder, loaded, [0, 3, 4, 5, 11, 10, 0, 1]);
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  }
});
