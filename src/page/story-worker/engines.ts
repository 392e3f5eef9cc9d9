/** The engines of a browser; each is loaded on first use. */
import type { EngineName, EngineOpeners, OpenedEngine } from '../../generator/engines/choose.ts';
import { EngineSupervisor } from '../../generator/engines/engine-supervisor.ts';
import {
  adapterTitle,
  isSoftware,
  type TensorflowBackend,
} from '../../generator/engines/tensorflow/backend.ts';
import { wait } from '../browser.ts';

/** @param binaries address of the folder of the `.wasm` files, with a slash at its end */
function browserOpeners(binaries: string): EngineOpeners {
  return {
    async webgpu({ acceptSoftware }) {
      const gpu: GPU | undefined = navigator.gpu;
      const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' });
      if (!adapter) throw new Error('the browser offers no WebGPU');
      const title = adapterTitle(adapter.info);
      if (isSoftware(adapter.info) && !acceptSoftware) throw new Error(`${title} is a software renderer`);
      const { createWebgpuBackend } = await import('../../generator/engines/tensorflow/webgpu.ts');
      return onTensorflow(await createWebgpuBackend(adapter), title);
    },
    async wasm() {
      const { openWasm } = await import('./wasm.ts');
      return onTensorflow(await openWasm(binaries), 'one processor');
    },
  };
}

async function onTensorflow(backend: TensorflowBackend, device: string): Promise<OpenedEngine> {
  const { createTensorflowEngine } = await import('../../generator/engines/tensorflow/engine.ts');
  return {
    device,
    create: (model, { capacity }) => createTensorflowEngine(model, backend, { capacity }),
    close: () => backend.close(),
  };
}

/** A supervisor of this browser's engines: WebGPU on a real GPU, otherwise WASM, unless an engine is named. */
export function browserEngines(engine: EngineName | 'auto', binaries: string): EngineSupervisor {
  return new EngineSupervisor({
    wanted: engine,
    openers: browserOpeners(binaries),
    // biome-ignore lint/suspicious/noConsole: shows developers why the GPU is not used
    log: (line) => globalThis.console.debug(`engine: ${line}`),
    clock: () => performance.now(),
    wait,
  });
}
