import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { type Engine, EngineLostError, type Row } from '../../../src/generator/engines/engine.ts';
import { createOnnxEngine } from '../../../src/generator/engines/onnx.ts';
import type { TensorflowBackend } from '../../../src/generator/engines/tensorflow/backend.ts';
import { createTensorflowEngine } from '../../../src/generator/engines/tensorflow/engine.ts';
import { loadModel } from '../../../src/generator/model/files.ts';
import type { Model } from '../../../src/generator/model/model.ts';
import { Storyteller } from '../../../src/generator/storyteller.ts';
import { RandomLayers } from '../model/random-layers.ts';
import { modelOf, randomModel } from '../model/random-model.ts';
import { assertParity, assertSameBits, noiseIds } from './assertions.ts';
import { type ContractOptions, describeContract } from './engine-contract.ts';
import { describeKinds } from './kinds.ts';
import { assertNoLeak } from './leaks.ts';
import { TEST_BACKENDS } from './tensorflow-backends.ts';

const SCIFI = fileURLToPath(new URL('../../../models/scifi', import.meta.url));
/**
 * SwiftShader takes more than half a second per step of the repository's model: the long tests run more
 * steps.
 */
const STEPS = { wasm: 60, webgpu: 2, 'cuda-cpu': 60 } as Readonly<Record<string, number>>;

for (const { name, skip, open } of TEST_BACKENDS) {
  const isSlow = name === 'webgpu';
  let backend: TensorflowBackend;
  const opened = () => {
    before(async () => {
      backend ??= await open();
    });
  };

  const contract: ContractOptions = {
    name: `tensorflow-${name}`,
    skip,
    draws: isSlow ? 2_048 : 8_192,
    runs: isSlow ? 2 : 25,
    isSlow,
    create: async (model, capacity) => {
      backend ??= await open();
      return createTensorflowEngine(model, backend, { capacity });
    },
  };
  describeContract(contract);
  describeKinds(contract);

  describe(`the tensorflow-${name} engine with the model of this repository`, { skip }, () => {
    let model: Model;
    let engine: Engine;
    opened();
    before(async () => {
      model = await loadModel(SCIFI);
      engine = await createTensorflowEngine(model, backend, { capacity: 64 });
    });
    after(() => engine.close());

    test('agrees with the formulas in float64 over carried steps', async () => {
      const { ids } = model.vocabulary.encode('It all began with the ship. '.repeat(8));
      const texts = [[model.vocabulary.bosId, ...ids], noiseIds(model, 200, 1)];
      await assertParity(
        model,
        engine,
        texts.map((text) => text.slice(0, STEPS[name])),
      );
    });

    test('gives a slot the same bits alone and among others', async () => {
      const size = model.vocabulary.size;
      const crowds = isSlow ? [1, 20] : [1, 2, 3, 5, 8, 17, 33, 64];
      const alone: Float32Array[] = [];
      for (const crowd of crowds) {
        const slots = Array.from({ length: crowd }, (_, i) => (i * 45 + crowd) % 64);
        const ids = noiseIds(model, 64, 1);
        for (const slot of slots) engine.clear(slot);
        const logits = await engine.logits(
          slots,
          slots.map((slot) => ids[slot]!),
        );
        for (const [row, slot] of slots.entries()) {
          const bits = logits.slice(row * size, (row + 1) * size);
          if (alone[slot]) assertSameBits(bits, alone[slot], `slot ${slot} among ${crowd}`);
          alone[slot] = bits;
        }
      }
    });
  });

  describe(`the tensorflow-${name} engine`, { skip }, () => {
    opened();

    test('writes the same stories alone and among others', async () => {
      const model = randomModel({ units: [24, 24], characters: 40, scale: 1 });
      const tell = async (capacity: number, seeds: number[]) => {
        const engine = await createTensorflowEngine(model, backend, { capacity });
        const storyteller = new Storyteller(model, engine, { maxWaiting: 100 });
        const stories = await Promise.all(
          seeds.map((seed) =>
            storyteller.tell({
              prompt: 'abc '.repeat(1 + (seed % 7)),
              context: '',
              temperature: 0.5 + (seed % 3) / 4,
              length: (isSlow ? 60 : 90) + ((seed * 13) % 50),
              seed,
              model: 'random',
            }),
          ),
        );
        await engine.close();
        return stories.map(({ text }) => text);
      };
      const seeds = Array.from({ length: isSlow ? 3 : 24 }, (_, seed) => seed);
      const crowd = await tell(isSlow ? 2 : 5, seeds);
      for (const seed of isSlow ? [2] : [0, 7, 23]) assert.deepEqual(await tell(1, [seed]), [crowd[seed]]);
    });

    test('reports its name and device', async () => {
      const engine = await createTensorflowEngine(randomModel(), backend, { capacity: 7 });
      assert.deepEqual(
        { name: engine.name, capacity: engine.capacity, vocabularySize: engine.vocabularySize },
        { name: `tensorflow-${name}`, capacity: 7, vocabularySize: 12 },
      );
      await engine.close();
    });

    test('leaks no tensor in thousands of steps, and keeps none when closed', async () => {
      const before = tf.memory().numTensors;
      await assertNoLeak(backend, isSlow ? 400 : 4_000);
      assert.equal(tf.memory().numTensors, before);
    });

    test('leaks no tensor of a window, and keeps none when closed', async () => {
      const random = new RandomLayers(1);
      const halves = () => random.bidirectional('concat', () => random.lstm(5, 4));
      const layers = [random.embedding(12, 5), halves(), random.gru(8, 6, true), random.dense(6, 12)];
      const before = tf.memory().numTensors;
      const model = modelOf(layers, { kind: 'window', characters: 3 });
      const engine = await createTensorflowEngine(model, backend, { capacity: 2 });
      const opened = tf.memory().numTensors;
      for (const id of [1, 2, 3, 4]) await engine.logits([0, 1], [id, id]);
      assert.equal(tf.memory().numTensors, opened);
      await engine.close();
      assert.equal(tf.memory().numTensors, before);
    });
  });
}

const webgpu = TEST_BACKENDS.find(({ name }) => name === 'webgpu')!;
describe('a lost WebGPU device', { skip: webgpu.skip }, () => {
  const row: Row = { slot: 0, feed: [1], temperature: 1, uniforms: new Array(16).fill(0.5) };

  test('rejects the active decode and all later ones, and a new device replaces it', async () => {
    const model = randomModel();
    const first = await webgpu.open();
    const engine = await createTensorflowEngine(model, first, { capacity: 2 });
    const expected = await engine.decode([row], 16);
    const under = engine.decode([row], 16);
    await first.close();
    await assert.rejects(under, EngineLostError);
    await assert.rejects(engine.decode([row], 16), EngineLostError);
    await engine.close();

    const second = await webgpu.open();
    const next = await createTensorflowEngine(model, second, { capacity: 2 });
    assert.deepEqual(await next.decode([row], 16), expected);
    await next.close();
    await second.close();
  });
});

const cuda = TEST_BACKENDS.find(({ name }) => name === 'cuda-cpu')!;
describe("CUDA's binding on the processor", { skip: cuda.skip }, () => {
  const row: Row = { slot: 0, feed: [1], temperature: 1, uniforms: new Array(16).fill(0.5) };
  let backend: TensorflowBackend;
  before(async () => {
    backend = await cuda.open();
  });

  test('writes the stories that ONNX Runtime writes, byte for byte', async () => {
    const model = await loadModel(SCIFI);
    const stories = async (engine: Engine) => {
      const storyteller = new Storyteller(model, engine, { maxWaiting: 100 });
      const told = await Promise.all(
        Array.from({ length: 6 }, (_, seed) =>
          storyteller.tell({
            prompt: 'It all began with',
            context: '',
            temperature: 0.3 + seed / 10,
            length: 500,
            seed,
            model: 'scifi',
          }),
        ),
      );
      await storyteller.close();
      return told.map(({ text }) => text);
    };
    const onnx = await createOnnxEngine(model, { capacity: 6, threads: 2 });
    const expected = await stories(onnx);
    assert.deepEqual(await stories(await createTensorflowEngine(model, backend, { capacity: 6 })), expected);
    assert.ok(expected.every((text) => text.length > 100));
  });

  test('rejects the decode that fails on the device and all later ones, and a new engine replaces it', async () => {
    const model = randomModel();
    const engine = await createTensorflowEngine(model, backend, { capacity: 2 });
    const expected = await engine.decode([row], 16);
    forgetTensors();
    await assert.rejects(engine.decode([row], 16), EngineLostError);
    await assert.rejects(engine.decode([row], 16), EngineLostError);
    await engine.close();

    const next = await createTensorflowEngine(model, await cuda.open(), { capacity: 2 });
    assert.deepEqual(await next.decode([row], 16), expected);
    await next.close();
  });
});

/** Deletes all tensors without TensorFlow.js's knowledge, as a reset of a device does. */
function forgetTensors(): void {
  const { binding } = tf.backend() as unknown as {
    readonly binding: {
      readonly TF_FLOAT: number;
      createTensor(shape: number[], type: number, values: Float32Array): number;
      deleteTensor(id: number): void;
    };
  };
  const newest = binding.createTensor([], binding.TF_FLOAT, Float32Array.of(0));
  for (let id = 0; id <= newest; id++) {
    try {
      binding.deleteTensor(id);
    } catch {
      // It was deleted before.
    }
  }
}
