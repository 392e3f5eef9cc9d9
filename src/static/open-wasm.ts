import { env, getBackend } from '@tensorflow/tfjs-core';
import type { TensorflowBackend } from '../generator/engines/tensorflow/backend.ts';
import { createWasmBackend } from '../generator/engines/tensorflow/wasm.ts';

/**
 * WASM on one thread: few static hosts send the headers that a browser wants to see before it gives a page
 * more, and the build brings no binary for it.
 *
 * @param binaries address of the folder of the `.wasm` files, with a slash at its end
 */
export async function openWasm(binaries: string): Promise<TensorflowBackend> {
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  const backend = await createWasmBackend({ binaries });
  // TensorFlow.js only warns of a binary that it cannot fetch or run.
  if (getBackend() !== backend.tfName) throw new Error('WebAssembly did not start, or could not be fetched');
  return backend;
}
