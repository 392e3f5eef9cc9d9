/** Types of attach.js. */

/** The addon's exports; see kernel/addon.c. */
export interface Addon {
  readonly kernels: readonly (readonly [name: string, lanes: number, gates: number])[];
  decode(kernel: number, memory: Uint8Array, network: number, job: number, thread: number): number;
}

export type AttachableKernel =
  | { readonly kind: 'native'; readonly addon: Addon; readonly index: number }
  | { readonly kind: 'wasm'; readonly module: WebAssembly.Module };

export declare const STACK_BYTES: number;

/**
 * @param memory a buffer for a native kernel, a WebAssembly.Memory for the other
 * @returns does the thread's share of a decode, given the offsets of its network and job
 */
export declare function attach(
  kernel: AttachableKernel,
  memory: SharedArrayBuffer | WebAssembly.Memory,
  thread: number,
): (network: number, job: number) => number;
