/** The TensorFlow.js backend of a run: the first that works of CUDA, WebGPU on a GPU, and WASM. */

import { StoryError } from '../../errors.ts';
import { AUTOMATIC_ENGINES, type EngineName } from '../../generator/engines/choose.ts';
import type { TensorflowBackend } from '../../generator/engines/tensorflow/backend.ts';

type Opener = (options: { readonly acceptSoftware: boolean }) => Promise<TensorflowBackend>;

const OPENERS: readonly (readonly [EngineName, Opener])[] = [
  [
    'cuda',
    async () => {
      const { createCudaBackend } = await import('../../generator/engines/tensorflow/cuda.ts');
      return createCudaBackend();
    },
  ],
  [
    'cuda-cpu',
    async () => {
      const { createCudaBackend } = await import('../../generator/engines/tensorflow/cuda.ts');
      return createCudaBackend({ device: 'cpu' });
    },
  ],
  [
    'webgpu',
    async ({ acceptSoftware }) => {
      const { requestDawnAdapter } = await import('../../generator/engines/tensorflow/dawn.ts');
      const { createWebgpuBackend } = await import('../../generator/engines/tensorflow/webgpu.ts');
      const { adapterTitle, isSoftware } = await import('../../generator/engines/tensorflow/backend.ts');
      const adapter = await requestDawnAdapter();
      // A software adapter is accepted when it is requested by name, which is how tests run.
      if (isSoftware(adapter.info) && !acceptSoftware) {
        throw new Error(`${adapterTitle(adapter.info)} is a program and no GPU`);
      }
      return createWebgpuBackend(adapter);
    },
  ],
  [
    'wasm',
    async () => {
      const { createWasmBackend } = await import('../../generator/engines/tensorflow/wasm.ts');
      return createWasmBackend();
    },
  ],
];

/**
 * Opens a backend and makes it the current one.
 *
 * @param wanted `onnx` and `integer`, which cannot learn, count as `auto`
 * @returns the backend and a line that says what was chosen and why
 * @throws StoryError `configuration` when the requested one cannot run here
 */
export async function openTrainingBackend(
  wanted: EngineName | 'auto',
): Promise<{ readonly backend: TensorflowBackend; readonly line: string }> {
  const isFree = ['auto', 'onnx', 'integer'].includes(wanted);
  const reasons: string[] = [];
  for (const [name, open] of OPENERS) {
    if (isFree ? !AUTOMATIC_ENGINES.includes(name) : name !== wanted) continue;
    try {
      const backend = await open({ acceptSoftware: !isFree });
      return { backend, line: [`learning on ${backend.engineName}`, ...reasons].join('; ') };
    } catch (error) {
      const reason = `not ${name}: ${(error as Error).message}`;
      if (!isFree)
        throw new StoryError('configuration', `SCIFI_ENGINE=${name} cannot learn here, ${reason}.`);
      reasons.push(reason);
    }
  }
  throw new StoryError('configuration', `Nothing can learn here: ${reasons.join('; ')}.`);
}
