/** TensorFlow.js on WASM. A module of its own, so that a browser with WebGPU does not fetch it. */
import { env, getBackend } from '@tensorflow/tfjs-core';
import type { TensorflowBackend } from '../../generator/engines/tensorflow/backend.ts';
import { createWasmBackend } from '../../generator/engines/tensorflow/wasm.ts';

/**
 * WASM on one thread: few static hosts send the headers that browsers require for more threads, and the build
 * has no binary for it.
 *
 * @param binaries address of the folder of the `.wasm` files, with a slash at its end
 */
export async function openWasm(binaries: string): Promise<TensorflowBackend> {
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  const backend = await createWasmBackend({ binaries });
  // TensorFlow.js only logs a warning when it cannot fetch or run a binary.
  if (getBackend() !== backend.tfName) throw new Error('WebAssembly did not start, or could not be fetched');
  return backend;
}
