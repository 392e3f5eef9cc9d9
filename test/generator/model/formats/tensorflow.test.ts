/**
 * Compatibility with TensorFlow.js: we import what it saves, it loads what we export, and both give the same
 * results.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, layers, loadLayersModel, sequential } from '@tensorflow/tfjs-layers';
import { saveModel } from '../../../../src/generator/model/files.ts';
import { importModel } from '../../../../src/generator/model/formats/import-model.ts';
import { readModel } from '../../../../src/generator/model/formats/read-model.ts';
import type { Model } from '../../../../src/generator/model/model.ts';
import { logSoftmax, Reference } from '../../engines/reference.ts';
import { randomModel } from '../random-model.ts';

const WINDOW = 6;
const IDS = [0, 3, 1, 4, 8, 5];
const CHARACTERS = [...'\u0003\n abcdef'];
/** Float32 against float64, in probabilities. */
const TOLERANCE = 1e-5;

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tensorflow-'));
});
after(() => rm(folder, { recursive: true }));

/** The probabilities that TensorFlow.js gives after the window. */
function probabilitiesOf(network: LayersModel): number[] {
  return tf.tidy(() => {
    const all = network.predict(tf.tensor2d(IDS, [1, WINDOW])) as tf.Tensor3D;
    return [...all.dataSync().slice(-CHARACTERS.length)];
  });
}

function assertSays(model: Model, expected: readonly number[]): void {
  const reference = new Reference(model);
  const logits = IDS.map((id) => reference.step(id)).at(-1)!;
  const worst = Math.max(...[...logSoftmax(logits)].map((log, i) => Math.abs(Math.exp(log) - expected[i]!)));
  assert.ok(worst < TOLERANCE, `${worst}`);
}

/** Saves a model as TensorFlow.js does, except for writing the files. */
async function saveByTensorflow(
  network: LayersModel,
  path: string,
  { json = 'model.json', shard = 'group1-shard1of1.bin' } = {},
): Promise<void> {
  await mkdir(path);
  await network.save({
    save: async ({ modelTopology, weightSpecs, weightData, format }) => {
      const bytes = new Uint8Array(weightData as ArrayBuffer);
      await writeFile(join(path, shard), bytes);
      const weightsManifest = [{ paths: [shard], weights: weightSpecs }];
      await writeFile(join(path, json), JSON.stringify({ format, modelTopology, weightsManifest }));
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    },
  });
}

async function loadByTensorflow(path: string): Promise<LayersModel> {
  return loadLayersModel({
    load: async () => {
      const json = JSON.parse(await readFile(join(path, 'model.json'), 'utf8')) as tf.io.ModelJSON;
      const bytes = new Uint8Array(await readFile(join(path, 'weights.bin')));
      return tf.io.getModelArtifactsForJSON(json, async () => [
        json.weightsManifest[0]!.weights,
        bytes.buffer,
      ]);
    },
  });
}

describe('a layers model of TensorFlow.js', () => {
  const inner = { returnSequences: true, recurrentInitializer: 'glorotUniform' } as const;
  const build = (): LayersModel => {
    const both = layers.lstm({ units: 3, ...inner });
    return sequential({
      layers: [
        layers.embedding({ inputDim: CHARACTERS.length, outputDim: 5, inputLength: WINDOW }),
        layers.lstm({ units: 4, activation: 'relu', recurrentActivation: 'sigmoid', ...inner }),
        layers.gru({ units: 4, ...inner }),
        layers.bidirectional({ layer: both, mergeMode: 'concat' }),
        layers.batchNormalization({}),
        layers.dropout({ rate: 0.5 }),
        layers.timeDistributed({ layer: layers.dense({ units: CHARACTERS.length }) }),
        layers.activation({ activation: 'softmax' }),
      ],
    });
  };

  test('is imported and gives the same results', async () => {
    const network = build();
    // Untrained biases and means are all zero, and would hide that one is taken for the other.
    network.setWeights(
      network.getWeights().map((weight, i) => tf.randomUniform(weight.shape, 0.1, 0.9, 'float32', i + 1)),
    );
    const path = join(folder, 'theirs');
    await saveByTensorflow(network, path);
    const dictionary = join(folder, 'dict.json');
    await writeFile(dictionary, JSON.stringify(Object.fromEntries(CHARACTERS.map((one, id) => [one, id]))));
    const { model, foreign } = await importModel(path, {
      name: 'x',
      vocabulary: dictionary,
      reading: undefined,
    });
    assert.equal(foreign.source, 'layers model of TensorFlow.js');
    assert.deepEqual(model.reading, { kind: 'window', characters: WINDOW });
    assertSays(model, probabilitiesOf(network));
    network.dispose();
  });

  test('is imported when a browser downloaded it, under any file names', async () => {
    const network = build();
    const path = join(folder, 'downloaded');
    await saveByTensorflow(network, path, { json: 'mine.json', shard: './mine.weights.bin' });
    network.dispose();
    const { layers: found } = await readModel(join(path, 'mine.json'));
    assert.equal(found.length, 6);
    // The error names the file that exists.
    await writeFile(join(path, 'mine.weights.bin'), 'short');
    await assert.rejects(readModel(join(path, 'mine.json')), /5 bytes, mine\.json says/);
    await writeFile(join(path, 'mine.json'), '{}');
    await assert.rejects(readModel(join(path, 'mine.json')), /downloaded\/mine\.json cannot be used/);
  });

  test('is not treated as one without a vocabulary when a damaged one is beside it', async () => {
    const path = join(folder, 'damaged');
    await saveModel(path, randomModel(), { dtype: 'float32' });
    await writeFile(join(path, 'vocabulary.json'), '{');
    await assert.rejects(readModel(path), /damaged\/vocabulary\.json cannot be used: it is not JSON/);
  });

  test('in our format, with a bidirectional layer, is loaded by it with the same results', async () => {
    const plain = randomModel({ characters: CHARACTERS.length, columns: 4, units: [4, 4] });
    const [embedding, first, second] = plain.layers;
    assert.ok(first?.kind === 'lstm' && second?.kind === 'lstm');
    const size = 8;
    const numbers = (length: number, least = 0.3) =>
      Float32Array.from({ length }, (_, i) => least + (i % 5) / 10);
    const model: Model = {
      ...plain,
      reading: { kind: 'window', characters: WINDOW },
      layers: [
        embedding!,
        { kind: 'bidirectional', forward: first, backward: second, merge: 'concat' },
        {
          ...{ kind: 'batch_normalization', size, epsilon: 0.01 },
          ...{
            gamma: numbers(size),
            beta: numbers(size, -0.4),
            mean: numbers(size, -0.1),
            variance: numbers(size, 1.3),
          },
        },
        { kind: 'activation', activation: 'elu' },
        {
          ...{ kind: 'dense', units: CHARACTERS.length, inputSize: size, activation: 'linear' },
          ...{ kernel: numbers(size * CHARACTERS.length).map((x, i) => x * Math.sin(i)), bias: numbers(9) },
        },
      ],
    };
    const path = join(folder, 'ours');
    await saveModel(path, model, { dtype: 'float32', dialect: 'tensorflow.js' });
    const network = await loadByTensorflow(path);
    assertSays(model, probabilitiesOf(network));
    network.dispose();
  });

  test('is refused when no layers remain', async () => {
    const path = join(folder, 'graph');
    await mkdir(path);
    await writeFile(join(path, 'model.json'), JSON.stringify({ format: 'graph-model', modelTopology: {} }));
    await assert.rejects(readModel(path), /graph\/model\.json cannot be used: it is a graph model/);
  });
});
