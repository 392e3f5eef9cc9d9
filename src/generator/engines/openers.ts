/** The engines of a server; each is loaded on first use. */
import type { EngineName, EngineOpeners, OpenedEngine } from './choose.ts';
import { EngineSupervisor } from './engine-supervisor.ts';
import { adapterTitle, isSoftware, type TensorflowBackend } from './tensorflow/backend.ts';

export const ENGINE_OPENERS: EngineOpeners = {
  async cuda() {
    const { createCudaBackend } = await import('./tensorflow/cuda.ts');
    return onTensorflow(await createCudaBackend(), 'CUDA');
  },
  async webgpu({ acceptSoftware }) {
    const { requestDawnAdapter } = await import('./tensorflow/dawn.ts');
    const adapter = await requestDawnAdapter();
    const title = adapterTitle(adapter.info);
    if (isSoftware(adapter.info) && !acceptSoftware) throw new Error(`${title} is a program and no GPU`);
    const { createWebgpuBackend } = await import('./tensorflow/webgpu.ts');
    return onTensorflow(await createWebgpuBackend(adapter), title);
  },
  async onnx() {
    const { createOnnxEngine, loadOnnxRuntime } = await import('./onnx.ts');
    await loadOnnxRuntime();
    return {
      device: 'the processor',
      create: (model, { capacity, threads }) => createOnnxEngine(model, { capacity, threads }),
      close: async () => {},
    };
  },
  async wasm() {
    const { createWasmBackend } = await import('./tensorflow/wasm.ts');
    return onTensorflow(await createWasmBackend(), 'one processor');
  },
};

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
