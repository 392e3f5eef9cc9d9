/** WebGPU for Node: Dawn, from the npm package `webgpu`, which is an optional dependency and not bundled. */
import { readdirSync } from 'node:fs';
import { constants, homedir } from 'node:os';
import { join } from 'node:path';

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

/**
 * The Vulkan driver manifests that the loader would find, in the folders and through the variables that its
 * documentation names ("Loader and Driver Interface", Linux driver discovery).
 */
export function vulkanDrivers(environment: NodeJS.ProcessEnv = process.env): string[] {
  const paths = (value: string | undefined) => (value ?? '').split(':').filter(Boolean);
  const named = paths(environment.VK_DRIVER_FILES || environment.VK_ICD_FILENAMES);
  if (named.length > 0) return named;
  const folders = [
    environment.XDG_CONFIG_HOME || join(homedir(), '.config'),
    ...paths(environment.XDG_CONFIG_DIRS || '/etc/xdg'),
    '/etc',
    environment.XDG_DATA_HOME || join(homedir(), '.local/share'),
    ...paths(environment.XDG_DATA_DIRS || '/usr/local/share:/usr/share'),
  ];
  return [
    ...paths(environment.VK_ADD_DRIVER_FILES),
    ...folders.flatMap((folder) => descriptionsIn(join(folder, 'vulkan/icd.d'))),
  ];
}

function descriptionsIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/**
 * Why a shared library cannot be loaded, or undefined when it can. Node opens any library and then looks for
 * an addon in it, so a library that does load gives a different error. It closes the library then, unless the
 * flags of dlopen say otherwise.
 */
export function dlopenProblem(library: string, flags = constants.dlopen.RTLD_LAZY): string | undefined {
  try {
    process.dlopen({ exports: {} }, library, flags);
  } catch (error) {
    const { message } = error as Error;
    if (!/did not self-register/.test(message)) return message;
  }
  return undefined;
}
