/** Opens the backends of TensorFlow.js that a server has, for stories and for training; each is loaded on first use. */
import type { EngineName } from '../choose.ts';
import { acceptedAdapter, adapterTitle, type BackendOpener } from './backend.ts';

/** By the name of the engine on the backend, the fastest first. */
export const BACKEND_OPENERS = {
  async cuda() {
    const { createCudaBackend } = await import('./cuda.ts');
    return { backend: await createCudaBackend(), device: 'CUDA' };
  },
  async 'cuda-cpu'() {
    const { createCudaBackend } = await import('./cuda.ts');
    return { backend: await createCudaBackend({ device: 'cpu' }), device: 'the processor' };
  },
  async webgpu({ acceptSoftware }) {
    const { requestDawnAdapter } = await import('./dawn.ts');
    const adapter = acceptedAdapter(await requestDawnAdapter(), acceptSoftware);
    const { requestWebgpuDevice } = await import('../webgpu/device.ts');
    const { createWebgpuBackend } = await import('./webgpu.ts');
    const backend = await createWebgpuBackend(await requestWebgpuDevice(adapter));
    return { backend, device: adapterTitle(adapter.info) };
  },
  async wasm() {
    const { createWasmBackend } = await import('./wasm.ts');
    return { backend: await createWasmBackend(), device: 'one processor' };
  },
} satisfies Partial<Record<EngineName, BackendOpener>>;
