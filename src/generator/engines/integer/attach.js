/**
 * Attaches a kernel to the memory that the threads share. Plain JavaScript: a thread starts without a
 * TypeScript loader. Types: attach.d.ts.
 */

/** Bytes of each thread's stack; native threads have their own. */
export const STACK_BYTES = 65_536;
const DECODE_WAITS = 1;

export function attach(kernel, memory, thread) {
  if (kernel.kind === 'native') {
    const bytes = new Uint8Array(memory);
    return (network, job) => kernel.addon.decode(kernel.index, bytes, network, job, thread);
  }
  const { exports } = new WebAssembly.Instance(kernel.module, { env: { memory } });
  exports.__stack_pointer.value = exports.__heap_base.value + (thread + 1) * STACK_BYTES;
  return (network, job) => exports.decode(0, network, job, thread);
}

/**
 * Does this thread's share of every decode until it is told to stop.
 *
 * @param words of the shared memory
 * @param at indices of the words `command`, `remaining`, `phase` and `ownPhase`
 * @param decode does a share, and returns DECODE_WAITS where it is to be called again
 * @param onLast called by the last thread that finishes a decode
 */
export function serve(words, at, thread, decode, onLast) {
  for (let seen = 0; ; ) {
    Atomics.wait(words, at.command, seen);
    seen = Atomics.load(words, at.command);
    if (seen < 0) return;
    // The low byte of a command is the number of threads that take part.
    if (seen === 0 || thread >= (seen & 0xff)) continue;
    while (decode() === DECODE_WAITS) {
      // The kernel has spun for a while: another thread lost its processor. The timeout replaces a
      // notification, which the kernel cannot send.
      Atomics.wait(words, at.phase, words[at.ownPhase], 0.25);
    }
    if (Atomics.sub(words, at.remaining, 1) === 1) onLast();
  }
}
