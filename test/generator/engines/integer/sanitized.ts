/**
 * Runs kernels that are compiled with sanitizers, in a process in which their runtime is loaded
 * (sanitizers.slow.ts starts it):
 *
 *   sanitized.ts POISON.node [--overrun] ADDON.node...
 *
 * Every array in a kernel's memory is followed by bytes that it must not touch. With --overrun an array is made
 * too short, to see that this is reported.
 */
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { Arena } from '../../../../src/generator/engines/integer/arena.ts';
import type { Kernel } from '../../../../src/generator/engines/integer/kernel.ts';
import { nativeKernels } from '../../../../src/generator/engines/integer/kernels.ts';
import { callsByKernel, digestOfCalls } from './random-steps.ts';
import { THOUSAND_STORIES } from './thousand-ids.ts';
import { thousandStories } from './thousand-stories.ts';

/** At least the distance by which a tile or a vector could miss. */
const GAP_BYTES = 256;
const SOME_STEPS = 8_000;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { overrun: { type: 'boolean' } },
});
const [poisoner, ...addons] = positionals;
const { poison } = createRequire(import.meta.url)(poisoner!) as {
  poison(memory: Uint8Array, from: number, end: number): void;
};

/** Where nothing may be read or written, in the memory that is being laid out. */
let gaps: [from: number, end: number][] = [];
const { reserve } = Arena.prototype;
Arena.prototype.reserve = function (bytes) {
  const at = reserve.call(this, bytes);
  const end = this.size;
  gaps.push([values.overrun ? end - 1 : end, reserve.call(this, GAP_BYTES) + GAP_BYTES]);
  return at;
};

function guarded(kernel: Kernel): Kernel {
  return {
    ...kernel,
    createMemory(bytes) {
      const memory = kernel.createMemory(bytes);
      for (const [from, end] of gaps) poison(new Uint8Array(memory.buffer), from, end);
      gaps = [];
      return memory;
    },
  };
}

for (const addon of addons) {
  for (const kernel of nativeKernels(addon)) {
    const guardedKernel = guarded(kernel);
    for (const threads of [1, 2]) {
      const digest = await digestOfCalls(callsByKernel(SOME_STEPS, guardedKernel, threads));
      console.log(`${digest}  ${kernel.name}, ${threads} threads`);
    }
    const stories = await thousandStories(guardedKernel, 2);
    if (stories !== THOUSAND_STORIES) throw new Error(`${kernel.name} writes other stories: ${stories}`);
  }
}
