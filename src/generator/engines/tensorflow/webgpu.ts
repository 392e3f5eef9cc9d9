/** TensorFlow.js on WebGPU, in a browser or over Dawn in Node. No `node:` imports. */
import * as webgpu from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import type { WebgpuDevice } from '../webgpu/device.ts';
import type { TensorflowBackend } from './backend.ts';
import { webgpuKernels } from './webgpu-kernels.ts';

/**
 * The only matrix product that is used: the choice among the others depends on the shape, and they differ in
 * the order of their sums.
 */
const MATMUL_PACKED_PROGRAM = 3;
/** With 8 rows or fewer, TensorFlow.js uses a different program. */
const LEAST_ROWS = 16;
/** Dispatches in one submission; the download at the end of a decode submits the rest. */
const DISPATCHES_PER_SUBMISSION = 64;
const STEPS_PER_DECODE = 16;

/** Initializes TensorFlow.js on a device. One at a time: the previous backend is removed first. */
export async function createWebgpuBackend({ device, info, lost }: WebgpuDevice): Promise<TensorflowBackend> {
  tf.env().set('WEBGPU_MATMUL_PROGRAM_TYPE', MATMUL_PACKED_PROGRAM);
  tf.env().set('WEBGPU_CPU_FORWARD', false);
  tf.env().set('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE', DISPATCHES_PER_SUBMISSION);
  if (tf.engine().registryFactory.webgpu) tf.removeBackend('webgpu');
  const backend = new webgpu.WebGPUBackend(device, info);
  tf.registerBackend('webgpu', () => backend);
  await tf.setBackend('webgpu');
  return {
    tfName: 'webgpu',
    engineName: 'tensorflow-webgpu',
    stepsPerDecode: STEPS_PER_DECODE,
    paddedRows: (batch) => Math.max(LEAST_ROWS, 2 ** Math.ceil(Math.log2(batch))),
    kernels: (vocabularySize) => webgpuKernels(backend, vocabularySize),
    lost,
    // Reading from the device waits for it and yields to the event loop.
    breathe: () => Promise.resolve(),
    async close() {
      if (tf.engine().registryFactory.webgpu) tf.removeBackend('webgpu');
      device.destroy();
    },
  };
}
