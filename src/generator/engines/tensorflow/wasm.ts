/** TensorFlow.js on WebAssembly: wherever there is nothing better. No `node:` imports. */
import * as wasm from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { TensorflowBackend } from './engine.ts';
import { composedKernels } from './kernels.ts';

export interface WasmOptions {
  /** Where the `.wasm` files are, ending in a slash; in Node they are found without. */
  readonly binaries?: string;
}

export async function createWasmBackend({ binaries }: WasmOptions = {}): Promise<TensorflowBackend> {
  if (binaries !== undefined) wasm.setWasmPaths(binaries);
  await tf.setBackend('wasm');
  return {
    tfName: 'wasm',
    engineName: 'tensorflow-wasm',
    // A trip costs nothing: what it blocks is one step long.
    stepsPerTrip: 1,
    paddedRows: (lanes) => lanes,
    kernels: composedKernels,
    lost: new Promise(() => {}),
    breathe: nextTurn,
    close: async () => {},
  };
}

/** Resolves when timers and sockets have had a turn; `setTimeout` would wait for milliseconds in a browser. */
const nextTurn: () => Promise<void> =
  typeof setImmediate === 'function'
    ? () => new Promise((resolve) => setImmediate(resolve))
    : () =>
        new Promise((resolve) => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => {
            port1.close();
            resolve();
          };
          port2.postMessage(null);
        });
