/**
 * The CUDA backend as far as it can be tested without a GPU: the messages when something is missing, and our
 * code over a stub of the binding, which is TensorFlow.js on the CPU under the binding's name.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import util from 'node:util';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { createCudaBackend } from '../../../src/generator/engines/tensorflow/cuda.ts';
import { createTensorflowEngine } from '../../../src/generator/engines/tensorflow/engine.ts';
import { sized } from '../../helpers/sized.ts';
import { type ContractOptions, describeContract } from './engine-contract.ts';
import { describeKinds } from './kinds.ts';

/** Registers the CPU backend as the binding registers itself, or with other properties. */
async function standIn(isUsingGpuDevice: boolean): Promise<void> {
  const { registryFactory } = tf.engine();
  if (!registryFactory.tensorflow) {
    registryFactory.tensorflow = { ...registryFactory.cpu! };
    tf.copyRegisteredKernels('cpu', 'tensorflow');
  }
  await tf.setBackend('tensorflow');
  Object.assign(tf.backend(), { isUsingGpuDevice });
}

function failure(message: string, code?: string): () => Promise<never> {
  return () => Promise.reject(Object.assign(new Error(message), { code }));
}

describe('createCudaBackend', () => {
  test('says how to install the package', async () => {
    const load = failure(
      "Cannot find package '@tensorflow/tfjs-node-gpu' imported from x",
      'ERR_MODULE_NOT_FOUND',
    );
    await assert.rejects(
      createCudaBackend(load),
      /tfjs-node-gpu is not installed \(npm i .*--ignore-scripts=false/,
    );
  });

  test('reports a missing native part', async () => {
    const load = failure(
      "Cannot find module '/x/lib/napi-v8/tfjs_binding.node'\nRequire stack:",
      'MODULE_NOT_FOUND',
    );
    await assert.rejects(createCudaBackend(load), /installed without its native part: .*tfjs_binding.node'$/);
  });

  test('reports the error of a broken one, with the version of Node', async () => {
    const load = failure('libcudart.so.11.0: cannot open shared object file', 'ERR_DLOPEN_FAILED');
    await assert.rejects(createCudaBackend(load), /cannot be loaded on Node \d+\..*: libcudart/);
  });

  test('refuses a binding that runs on the CPU', async () => {
    await assert.rejects(
      createCudaBackend(() => standIn(false)),
      /found no CUDA device; it needs an NVIDIA driver/,
    );
  });

  test('defines what Node 23 dropped', async () => {
    await createCudaBackend(() => standIn(true));
    const { isNullOrUndefined } = util as unknown as { isNullOrUndefined(value: unknown): boolean };
    assert.deepEqual([undefined, null, 0, ''].map(isNullOrUndefined), [true, true, false, false]);
  });
});

const contract: ContractOptions = {
  name: 'tensorflow-cuda (over a stand-in)',
  skip: false,
  draws: 2_048,
  runs: 10,
  textSteps: sized(50, 200),
  async create(model, capacity) {
    const backend = await createCudaBackend(() => standIn(true));
    return createTensorflowEngine(model, backend, { capacity });
  },
};
describeContract(contract);
describeKinds(contract);
