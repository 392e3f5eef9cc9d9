/** WebGPU for Node: Dawn, from the npm package `webgpu`, which is an optional dependency and not bundled. */
import { dlopenProblem } from './dlopen-problem.ts';
import { vulkanDrivers } from './vulkan-drivers.ts';

/** The loader through which Dawn finds Vulkan drivers on Linux. */
const VULKAN_LOADER = 'libvulkan.so.1';

/**
 * The best adapter of this machine.
 *
 * @throws Error that names what is missing: package, Vulkan loader or driver
 */
export async function requestDawnAdapter(): Promise<GPUAdapter> {
  // Checked first, since Dawn prints its own message on standard error.
  if (process.platform === 'linux') {
    const problem = dlopenProblem(VULKAN_LOADER);
    if (problem)
      throw new Error(`there is no Vulkan loader (Debian: apt-get install libvulkan1): ${problem}`);
    if (vulkanDrivers().length === 0) throw new Error('there is no Vulkan driver of a GPU');
  }
  const gpu = await openDawn();
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('no Vulkan, Metal or Direct3D 12 driver of a GPU was found');
  return adapter;
}

let opened: GPU | undefined;

async function openDawn(): Promise<GPU> {
  if (opened) return opened;
  let dawn: typeof import('webgpu');
  try {
    dawn = await import('webgpu');
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0];
    throw new Error(`the npm package webgpu cannot be loaded: ${reason}`, { cause: error });
  }
  // TensorFlow.js expects these globals, as in a browser. Since Node 21 there is a navigator without `gpu`.
  Object.assign(globalThis, dawn.globals);
  opened = dawn.create([]);
  const navigator = globalThis.navigator ?? {};
  Object.defineProperty(navigator, 'gpu', { value: opened, configurable: true });
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
  return opened;
}
