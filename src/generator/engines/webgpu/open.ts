/** Opens a GPU for stories, through WebGPU. No `node:` imports. */
import type { Model } from '../../model/model.ts';
import type { EngineOptions, OpenedEngine } from '../choose.ts';
import type { Engine } from '../engine.ts';
import { INTEGER_ENGINE_NAME } from '../integer/engine.ts';
import { refusalOf } from '../integer/plan.ts';
import { adapterTitle, type TensorflowBackend } from '../tensorflow/backend.ts';
import { requestWebgpuDevice, type WebgpuDevice } from './device.ts';
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
  const programs = await exactPrograms(opened, features);
  let backend: TensorflowBackend | undefined;
  const createInFloats = async (model: Model, { capacity }: EngineOptions): Promise<Engine> => {
    const { createWebgpuBackend } = await import('../tensorflow/webgpu.ts');
    const { createTensorflowEngine } = await import('../tensorflow/engine.ts');
    backend ??= await createWebgpuBackend(opened);
    return createTensorflowEngine(model, backend, { capacity });
  };
  const title = adapterTitle(adapter.info);
  return {
    device: typeof programs === 'string' ? `${title}, in float32 (${programs})` : title,
    create(model, options) {
      const refusal = typeof programs === 'string' ? `the GPU cannot: ${programs}` : refusalOf(model.layers);
      if (refusal !== undefined) {
        options.onRefusal?.(refusal);
        return createInFloats(model, options);
      }
      const { capacity } = options;
      return createWebgpuEngine(model, opened, programs as Programs, { capacity, name: INTEGER_ENGINE_NAME });
    },
    async close() {
      await backend?.close();
      opened.device.destroy();
    },
  };
}

/** The programs of a device, or why they cannot be used. */
async function exactPrograms(
  { device }: WebgpuDevice,
  features: ReadonlySet<string>,
): Promise<Programs | string> {
  try {
    const programs = await Programs.compile(device, features);
    return (await isExact(device, programs)) ? programs : 'it computes other bits than processors';
  } catch (error) {
    return (error as Error).message.split('\n')[0]!;
  }
}
