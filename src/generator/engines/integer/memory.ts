/** A network and the jobs of its decodes in one memory, for a kernel. No `node:` imports. */
import { Arena, Views } from './arena.ts';
import { JobLayout, type JobSizes, LINE_WORDS } from './job-layout.ts';
import type { Kernel, KernelMemory } from './kernel.ts';
import { NetworkLayout } from './network-layout.ts';
import { type IntegerPlan, UnplannedModelError } from './plan.ts';

const WORD = 4;
/** Offsets in the kernel have 32 bits. */
const MAX_BYTES = 2 ** 32;
const GIBIBYTE = 2 ** 30;

export interface EngineMemory {
  readonly network: NetworkLayout;
  /** For decodes that are active at the same time. */
  readonly jobs: readonly [JobLayout, ...JobLayout[]];
  /** Index of a word of their own for the threads. */
  readonly issued: number;
  readonly memory: KernelMemory;
  readonly views: Views;
}

/**
 * Creates a memory and writes the network into it. A slot must be cleared before it reads.
 *
 * @param jobs number of jobs
 * @param inside see `insideWord` in rows.ts; by default no id is inside a word
 * @throws UnplannedModelError where they are too many bytes for the kernel
 */
export function createEngineMemory(
  kernel: Kernel,
  plan: IntegerPlan,
  sizes: Omit<JobSizes, 'vocabularySize' | 'outputs'>,
  jobs = 1,
  inside: Uint8Array = new Uint8Array(plan.vocabularySize),
): EngineMemory {
  const arena = new Arena(kernel.reserved(sizes.threads));
  const network = new NetworkLayout(arena, plan, kernel, sizes.capacity);
  const { vocabularySize } = plan;
  const newJob = () => new JobLayout(arena, { ...sizes, vocabularySize, outputs: network.outputs });
  const issued = arena.reserve(LINE_WORDS * WORD) / WORD;
  const all: EngineMemory['jobs'] = [newJob(), ...Array.from({ length: jobs - 1 }, newJob)];
  expectAddressable(arena.size, sizes.capacity);
  const memory = kernel.createMemory(arena.size);
  const views = new Views(memory.buffer);
  network.write(views, inside);
  return { network, jobs: all, issued, memory, views };
}

function expectAddressable(bytes: number, capacity: number): void {
  if (bytes <= MAX_BYTES) return;
  // Rounded up, so that the sentence never names the bound itself.
  const gibibytes = Math.ceil((10 * bytes) / GIBIBYTE) / 10;
  throw new UnplannedModelError(
    `with a capacity of ${capacity} it takes ${gibibytes} GiB, more than ${MAX_BYTES / GIBIBYTE}`,
  );
}
