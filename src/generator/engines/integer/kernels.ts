/** The kernels of a server: native ones for its system, the fastest first, and the WebAssembly ones behind them. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type Addon, attach } from './attach.js';
import { firstExact, type Kernel, wasmKernels } from './kernel.ts';

/** The folder of the compiled kernels. */
export const BINARIES = new URL('./binaries/', import.meta.url);

/**
 * The first kernel that runs here and gives the known result, or the one of a name.
 *
 * @param wanted a kernel's name, for tests; by default the fastest
 * @throws Error that says why none can be used
 */
export function loadKernel(wanted?: string): Promise<Kernel> {
  const refusals: string[] = [];
  return firstExact(kernels(refusals), refusals, wanted);
}

/** The names of the kernels that run here. */
export async function kernelNames(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of kernels([])) names.push(name);
  return names;
}

/** @param refusals receives why some cannot be loaded */
async function* kernels(refusals: string[]): AsyncGenerator<Kernel> {
  const file = fileURLToPath(new URL(`${process.platform}-${process.arch}.node`, BINARIES));
  try {
    yield* nativeKernels(file);
  } catch (error) {
    refusals.push(`native: ${(error as Error).message.split('\n')[0]}`);
  }
  yield* wasmKernels((file) => readFile(new URL(file, BINARIES)), refusals);
}

/**
 * The kernels of an addon that this processor can run, the fastest first; they are not tried yet.
 *
 * @throws Error where the addon does not load
 */
export function nativeKernels(file: string): Kernel[] {
  const addon = createRequire(import.meta.url)(file) as Addon;
  return addon.kernels.map((_, index) => nativeKernel(addon, file, index));
}

function nativeKernel(addon: Addon, file: string, index: number): Kernel {
  const [name, lanes, gates] = addon.kernels[index]!;
  return {
    ...{ name, lanes, gates },
    thread: { kind: 'native', file, index },
    reserved: () => 0,
    createMemory(bytes) {
      const buffer = new SharedArrayBuffer(Math.ceil(bytes / 8) * 8);
      return { buffer, shared: buffer };
    },
    attach: ({ shared }, thread) => attach({ kind: 'native', addon, index }, shared, thread),
  };
}
