/** The engines of a server; each is loaded on first use. */
import type { Model } from '../model/model.ts';
import type { EngineName, EngineOpeners, EngineOptions } from './choose.ts';
import type { Engine } from './engine.ts';
import { EngineSupervisor } from './engine-supervisor.ts';
import { acceptedAdapter, onTensorflow } from './tensorflow/backend.ts';
import { BACKEND_OPENERS } from './tensorflow/open.ts';

export const ENGINE_OPENERS: Required<EngineOpeners> = {
  cuda: onTensorflow(BACKEND_OPENERS.cuda),
  'cuda-cpu': onTensorflow(BACKEND_OPENERS['cuda-cpu']),
  async webgpu({ acceptSoftware }) {
    const { requestDawnAdapter } = await import('./tensorflow/dawn.ts');
    const adapter = acceptedAdapter(await requestDawnAdapter(), acceptSoftware);
    const { openWebgpu } = await import('./webgpu/open.ts');
    return openWebgpu(adapter, navigator.gpu.wgslLanguageFeatures);
  },
  wasm: onTensorflow(BACKEND_OPENERS.wasm),
  async integer() {
    const { loadKernel } = await import('./integer/kernels.ts');
    const kernel = await loadKernel();
    return {
      device: `the processor (${kernel.name})`,
      async create(model, { capacity, threads, onRefusal }) {
        const { createIntegerEngine } = await import('./integer/create.ts');
        const { UnplannedModelError } = await import('./integer/plan.ts');
        try {
          return await createIntegerEngine(model, { capacity, threads, kernel });
        } catch (error) {
          if (!(error instanceof UnplannedModelError)) throw error;
          onRefusal?.(error.reason);
          return createOnnx(model, { capacity, threads });
        }
      },
      close: async () => {},
    };
  },
  async onnx() {
    const { loadOnnxRuntime } = await import('./onnx.ts');
    await loadOnnxRuntime();
    return { device: 'the processor', create: createOnnx, close: async () => {} };
  },
};

async function createOnnx(model: Model, { capacity, threads }: EngineOptions): Promise<Engine> {
  const { createOnnxEngine } = await import('./onnx.ts');
  return createOnnxEngine(model, { capacity, threads });
}

/** Creates the supervisor of this machine's engines. */
export function superviseEngines(
  wanted: EngineName | 'auto',
  log: (line: string) => void = () => {},
): EngineSupervisor {
  return new EngineSupervisor({
    wanted,
    openers: ENGINE_OPENERS,
    log,
    clock: () => performance.now(),
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms).unref()),
  });
}
