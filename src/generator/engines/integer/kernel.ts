/**
 * A kernel, loaded: what the engine needs of it, the kernels in WebAssembly, and the choice of one. Each is
 * tried on a known network before it is used. No `node:` imports.
 */
import { type AttachableKernel, attach, STACK_BYTES } from './attach.js';
import { isExact } from './known-vector.ts';
import type { KernelShape } from './network-layout.ts';

/** Kernels in WebAssembly, which are files `NAME.wasm`. Relaxed SIMD is faster, where it is there. */
export const WASM_NAMES = ['wasm-relaxed', 'wasm'] as const;
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
 * The first kernel that gives the known result.
 *
 * @param kernels the fastest first
 * @param refusals why others cannot be loaded, complete when `kernels` ends
 * @param wanted a kernel's name, for tests; by default any
 * @throws Error that says why none can be used
 */
export async function firstExact(
  kernels: AsyncIterable<Kernel>,
  refusals: string[],
  wanted?: string,
): Promise<Kernel> {
  for await (const kernel of kernels) {
    if (wanted !== undefined && kernel.name !== wanted) continue;
    if (isExact(kernel)) return kernel;
    refusals.push(`${kernel.name} computes wrong results`);
  }
  throw new Error(`no ${wanted ?? 'compiled'} kernel can be used (${refusals.join('; ')})`);
}

/**
 * The kernels in WebAssembly that can be loaded.
 *
 * @param read gives the bytes of a file; its errors are thrown
 * @param refusals receives why some cannot be loaded
 */
export async function* wasmKernels(
  read: (file: string) => Promise<BufferSource>,
  refusals: string[],
): AsyncGenerator<Kernel> {
  for (const name of WASM_NAMES) {
    const bytes = await read(`${name}.wasm`);
    try {
      yield wasmKernel(name, await WebAssembly.compile(bytes));
    } catch (error) {
      refusals.push(`${name}: ${(error as Error).message}`);
    }
  }
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
