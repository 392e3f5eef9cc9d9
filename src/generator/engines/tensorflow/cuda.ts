/**
 * TensorFlow.js on CUDA, through `@tensorflow/tfjs-node-gpu`: an optional peer dependency, since its
 * installation downloads half a gigabyte that only some machines can use.
 */
import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import type { TensorflowBackend } from './backend.ts';
import { composedKernels } from './kernels.ts';

const STEPS_PER_DECODE = 16;
/** The binding's registered name, on any device. */
const TF_NAME = 'tensorflow';

/** The part of the binding that names its device. */
interface NodeBinding {
  readonly isGPUPackage?: boolean;
  readonly isUsingGpuDevice?: boolean;
}

/**
 * Loads the binding.
 *
 * @param load imports the binding; tests replace it
 * @throws Error that names what is missing
 */
export async function createCudaBackend(
  load: () => Promise<unknown> = () => import(['@tensorflow', 'tfjs-node-gpu'].join('/')),
): Promise<TensorflowBackend> {
  defineWhatNodeDropped();
  try {
    await load();
  } catch (error) {
    throw new Error(whatIsMissing(error), { cause: error });
  }
  if (!(await tf.setBackend(TF_NAME))) throw new Error('the binding did not start');
  const binding = tf.backend() as unknown as NodeBinding;
  if (!binding.isUsingGpuDevice) {
    throw new Error(
      'the binding found no CUDA device; it needs an NVIDIA driver, CUDA 11.8 and cuDNN 8.6 in the library path',
    );
  }
  return {
    tfName: TF_NAME,
    engineName: 'tensorflow-cuda',
    stepsPerDecode: STEPS_PER_DECODE,
    // cuBLAS selects its kernel by shape: a constant shape keeps a row's bits independent of the number of
    // rows.
    paddedRows: (_batch, capacity) => capacity,
    kernels: composedKernels,
    lost: new Promise(() => {}),
    // Reading from the device waits for it and yields to the event loop.
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
    close: async () => {},
  };
}

/** Node 23 removed functions that the binding calls, and no release of the binding has replaced them. */
function defineWhatNodeDropped(): void {
  const old = util as unknown as Record<string, unknown>;
  old.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  old.isArray ??= Array.isArray;
}

function whatIsMissing(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') {
    return /tfjs-node-gpu/.test(message)
      ? '@tensorflow/tfjs-node-gpu is not installed (npm i --no-save --ignore-scripts=false @tensorflow/tfjs-node-gpu@4.22.0)'
      : `@tensorflow/tfjs-node-gpu is installed without its native part: ${message.split('\n')[0]}`;
  }
  return `@tensorflow/tfjs-node-gpu cannot be loaded on Node ${process.versions.node}: ${message?.split('\n')[0]}`;
}
