/** TensorFlow.js on WebAssembly, the fallback that runs everywhere. No `node:` imports. */
import * as wasm from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { sampleFromLogits } from '../../sampler.ts';
import { nextTask } from '../rows.ts';
import type { TensorflowBackend } from './backend.ts';
import { composedKernels, type Lookup } from './kernels.ts';

export interface WasmOptions {
  /** Folder of the `.wasm` files, ending in a slash; not needed in Node. */
  readonly binaries?: string;
}

export async function createWasmBackend({ binaries }: WasmOptions = {}): Promise<TensorflowBackend> {
  if (binaries !== undefined) wasm.setWasmPaths(binaries);
  await tf.setBackend('wasm');
  return {
    tfName: 'wasm',
    engineName: 'tensorflow-wasm',
    // A decode has no fixed cost, and it blocks the event loop for one step only.
    stepsPerDecode: 1,
    paddedRows: (batch) => batch,
    kernels: wasmKernels,
    lost: new Promise(() => {}),
    breathe: nextTask,
    close: async () => {},
  };
}

/**
 * Tensors are in the host's memory, so the slow operations run in JavaScript: looking up a row and drawing
 * each took 50 microseconds of a step of 430.
 */
function wasmKernels(vocabularySize: number): ReturnType<typeof composedKernels> {
  const tables = new WeakMap<tf.Tensor2D, Float32Array>();
  const lookUp = ({ table, ids }: Lookup): tf.Tensor2D => {
    const values = tables.get(table) ?? table.dataSync<'float32'>();
    tables.set(table, values);
    const [rows, columns] = [ids.size, table.shape[1]];
    const found = new Float32Array(rows * columns);
    ids.dataSync<'int32'>().forEach((id, row) => {
      found.set(values.subarray(id * columns, (id + 1) * columns), row * columns);
    });
    return tf.tensor2d(found, [rows, columns]);
  };
  return {
    ...composedKernels(vocabularySize, lookUp),
    draw(logits, { inverseTemperatures, uniforms, step }) {
      const [rows] = logits.shape;
      const values = logits.dataSync<'float32'>();
      const inverses = inverseTemperatures.dataSync<'float32'>();
      const noise = uniforms.dataSync<'float32'>();
      const ids = new Int32Array(rows);
      for (let row = 0; row < rows; row++) {
        const temperature = 1 / inverses[row]!;
        const uniform = noise[step * rows + row]!;
        ids[row] = sampleFromLogits(values, row * vocabularySize, vocabularySize, temperature, uniform);
      }
      return tf.tensor1d(ids, 'int32');
    },
  };
}
