/** Opens a GPU for stories, through WebGPU. No `node:` imports. */
import type { Model } from '../../model/model.ts';
import type { EngineOptions, OpenedEngine } from '../choose.ts';
import type { Engine } from '../engine.ts';
import { INTEGER_ENGINE_NAME } from '../integer/engine.ts';
import { refusalOf } from '../integer/plan.ts';
import { adapterTitle, type TensorflowBackend } from '../tensorflow/backend.ts';
import { requestWebgpuDevice } from './device.ts';
import { createWebgpuEngine } from './engine.ts';
import { isExact } from './exactness.ts';
import { Programs } from './programs.ts';

/**
 * Models that the integer engine runs get its arithmetic on the GPU, and so its stories. Other models, and all
 * models on a device that computes other bits, are run in float32 by TensorFlow.js.
 *
 * @param features of the language WGSL (`gpu.wgslLanguageFeatures`)
 */
export async function openWebgpu(adapter: GPUAdapter, features: ReadonlySet<string>): Promise<OpenedEngine> {
  const opened = await requestWebgpuDevice(adapter);
  const programs = await Programs.compile(opened.device, features);
  const isUsable = await isExact(opened.device, programs);
  let backend: TensorflowBackend | undefined;
  const createInFloats = async (model: Model, { capacity }: EngineOptions): Promise<Engine> => {
    const { createWebgpuBackend } = await import('../tensorflow/webgpu.ts');
    const { createTensorflowEngine } = await import('../tensorflow/engine.ts');
    backend ??= await createWebgpuBackend(opened);
    return createTensorflowEngine(model, backend, { capacity });
  };
  return {
    device: adapterTitle(adapter.info) + (isUsable ? '' : ' (which rounds otherwise: in float32)'),
    create: (model, options) =>
      isUsable && refusalOf(model.layers) === undefined
        ? createWebgpuEngine(model, opened, programs, { ...options, name: INTEGER_ENGINE_NAME })
        : createInFloats(model, options),
    async close() {
      await backend?.close();
      opened.device.destroy();
    },
  };
}
