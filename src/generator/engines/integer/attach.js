/**
 * Attaches a kernel to the memory that the threads share. Plain JavaScript: a thread starts without a
 * TypeScript loader. Types: attach.d.ts.
 */

/** Bytes of each thread's stack; native threads have their own. */
export const STACK_BYTES = 65_536;
const DECODE_WAITS = 1;
/** See Threads. */
const PARTICIPANT_BITS = 9;
const PARTICIPANT_MASK = 0x1ff;

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
 * @param issued index of the word with the number of the last decode; negative to stop
 * @param jobs each with the indices of the words `command`, `remaining`, `phase` and `ownPhase`
 * @param decode does a share of a job, and returns DECODE_WAITS where it is to be called again
 * @param onLast called with a job's index by the last thread that finishes its decode
 */
export function serve(words, issued, jobs, thread, decode, onLast) {
  for (let seen = 0; ; ) {
    const last = Atomics.load(words, issued);
    if (last < 0) return;
    if (last === seen) {
      Atomics.wait(words, issued, seen);
      continue;
    }
    const next = nextCommand(words, jobs, thread, seen);
    if (next === undefined) {
      seen = last;
      continue;
    }
    seen = next.number;
    const job = jobs[next.index];
    while (decode(job) === DECODE_WAITS) {
      // The kernel has spun for a while: another thread lost its processor. The timeout replaces a
      // notification, which the kernel cannot send.
      Atomics.wait(words, job.phase, words[job.ownPhase], 0.25);
    }
    if (Atomics.sub(words, job.remaining, 1) === 1) onLast(next.index);
  }
}

/**
 * The first decode after number `seen` in which this thread takes part. A decode does not end without its
 * threads, so its job is not reused meanwhile; other jobs may be, and only their commands are read.
 */
function nextCommand(words, jobs, thread, seen) {
  let next;
  jobs.forEach(({ command }, index) => {
    const value = Atomics.load(words, command);
    const number = value >>> PARTICIPANT_BITS;
    // Numbers begin again after the largest, so only differences are compared: signed, of 22 bits.
    const ahead = ((number - seen) << 10) >> 10;
    const takesPart = thread < (value & PARTICIPANT_MASK);
    if (ahead > 0 && takesPart && (next === undefined || ahead < next.ahead)) next = { number, index, ahead };
  });
  return next;
}
