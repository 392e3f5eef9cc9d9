/**
 * The compiled kernels: native ones for this system, the fastest first, and the WebAssembly ones behind them.
 * Each is tried on a known network before it is used.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type Addon, type AttachableKernel, attach, STACK_BYTES } from './attach.js';
import { isExact } from './known-vector.ts';
import type { KernelShape } from './network-layout.ts';

const BINARIES = new URL('./binaries/', import.meta.url);
/** Relaxed SIMD is faster, where the engine that runs WebAssembly has it. */
const WASM_NAMES = ['wasm-relaxed', 'wasm'] as const;
const PAGE_BYTES = 65_536;

/** A memory that threads share, and what is passed to them. */
export interface KernelMemory {
  readonly buffer: SharedArrayBuffer;
  readonly shared: SharedArrayBuffer | WebAssembly.Memory;
}

export interface Kernel extends KernelShape {
  /** `avx512-vnni`, `avx2`, `neon-dot`, `wasm`, ... */
  readonly name: string;
  /** What a thread needs to load it. */
  readonly thread:
    | { readonly kind: 'native'; readonly file: string; readonly index: number }
    | { readonly kind: 'wasm'; readonly module: WebAssembly.Module };
  /** Bytes at a memory's start that belong to the kernel, for a number of threads. */
  reserved(threads: number): number;
  /** A memory of zeros, of at least so many bytes and a multiple of 8. */
  createMemory(bytes: number): KernelMemory;
  /** Does a thread's share of a decode on the calling thread. */
  attach(memory: KernelMemory, thread: number): (network: number, job: number) => number;
}

/**
 * The first kernel that runs here and gives the known result, or the one of a name.
 *
 * @param wanted a kernel's name, for tests; by default the fastest
 * @throws Error that says why none can be used
 */
export async function loadKernel(wanted?: string): Promise<Kernel> {
  const refusals: string[] = [];
  for await (const kernel of kernels(refusals)) {
    if (wanted !== undefined && kernel.name !== wanted) continue;
    if (isExact(kernel)) return kernel;
    refusals.push(`${kernel.name} computes wrong results`);
  }
  throw new Error(`no ${wanted ?? 'compiled'} kernel can be used (${refusals.join('; ')})`);
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
    const addon = createRequire(import.meta.url)(file) as Addon;
    yield* addon.kernels.map((_, index) => nativeKernel(addon, file, index));
  } catch (error) {
    refusals.push(`native: ${(error as Error).message.split('\n')[0]}`);
  }
  for (const name of WASM_NAMES) {
    try {
      yield wasmKernel(name, await WebAssembly.compile(await readFile(new URL(`${name}.wasm`, BINARIES))));
    } catch (error) {
      refusals.push(`${name}: ${(error as Error).message}`);
    }
  }
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

/** What kernel/decode.c exports beside `decode`. */
interface WasmExports {
  lanes(): number;
  gates(): number;
  /** Where the module's own data ends. */
  readonly __heap_base: { readonly value: number };
}

function wasmKernel(name: string, module: WebAssembly.Module): Kernel {
  const kernel: AttachableKernel = { kind: 'wasm', module };
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const { lanes, gates, __heap_base: dataEnd } = instance.exports as unknown as WasmExports;
  return {
    ...{ name, lanes: lanes(), gates: gates() },
    thread: kernel,
    reserved: (threads) => dataEnd.value + threads * STACK_BYTES,
    createMemory(bytes) {
      const pages = Math.ceil(bytes / PAGE_BYTES);
      const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
      return { buffer: memory.buffer as unknown as SharedArrayBuffer, shared: memory };
    },
    attach: ({ shared }, thread) => attach(kernel, shared, thread),
  };
}
