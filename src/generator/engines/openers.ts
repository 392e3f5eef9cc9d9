/** The engines of a server; each is loaded on first use. */
import type { Model } from '../model/model.ts';
import type { EngineName, EngineOpeners, EngineOptions, OpenedEngine } from './choose.ts';
import type { Engine } from './engine.ts';
import { EngineSupervisor } from './engine-supervisor.ts';
import { adapterTitle, isSoftware, type TensorflowBackend } from './tensorflow/backend.ts';

export const ENGINE_OPENERS: Required<EngineOpeners> = {
  async cuda() {
    const { createCudaBackend } = await import('./tensorflow/cuda.ts');
    return onTensorflow(await createCudaBackend(), 'CUDA');
  },
  async 'cuda-cpu'() {
    const { createCudaBackend } = await import('./tensorflow/cuda.ts');
    return onTensorflow(await createCudaBackend({ device: 'cpu' }), 'the processor');
  },
  async webgpu({ acceptSoftware }) {
    const { requestDawnAdapter } = await import('./tensorflow/dawn.ts');
    const adapter = await requestDawnAdapter();
    const title = adapterTitle(adapter.info);
    if (isSoftware(adapter.info) && !acceptSoftware) throw new Error(`${title} is a program and no GPU`);
    const { createWebgpuBackend } = await import('./tensorflow/webgpu.ts');
    return onTensorflow(await createWebgpuBackend(adapter), title);
  },
  async integer() {
    const { loadKernel } = await import('./integer/kernels.ts');
    const kernel = await loadKernel();
    return {
      device: `the processor (${kernel.name})`,
      async create(model, { capacity, threads }) {
        // Models of other kinds are run in float32.
        const { refusalOf } = await import('./integer/plan.ts');
        if (refusalOf(model.layers) !== undefined) return createOnnx(model, { capacity, threads });
        const { createIntegerEngine } = await import('./integer/engine.ts');
        return createIntegerEngine(model, { capacity, threads, kernel });
      },
      close: async () => {},
    };
  },
  async onnx() {
    const { loadOnnxRuntime } = await import('./onnx.ts');
    await loadOnnxRuntime();
    return { device: 'the processor', create: createOnnx, close: async () => {} };
  },
  async wasm() {
    const { createWasmBackend } = await import('./tensorflow/wasm.ts');
    return onTensorflow(await createWasmBackend(), 'one processor');
  },
};

async function createOnnx(model: Model, { capacity, threads }: EngineOptions): Promise<Engine> {
  const { createOnnxEngine } = await import('./onnx.ts');
  return createOnnxEngine(model, { capacity, threads });
}

async function onTensorflow(backend: TensorflowBackend, device: string): Promise<OpenedEngine> {
  const { createTensorflowEngine } = await import('./tensorflow/engine.ts');
  return {
    device,
    create: (model, { capacity }) => createTensorflowEngine(model, backend, { capacity }),
    close: () => backend.close(),
  };
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
