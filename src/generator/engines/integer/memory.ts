/** A network and a job in one memory, for a kernel. No `node:` imports. */
import { Arena, Views } from './arena.ts';
import { JobLayout, type JobSizes } from './job-layout.ts';
import type { Kernel, KernelMemory } from './kernel.ts';
import { NetworkLayout } from './network-layout.ts';
import type { IntegerPlan } from './plan.ts';

export interface EngineMemory {
  readonly network: NetworkLayout;
  readonly job: JobLayout;
  readonly memory: KernelMemory;
  readonly views: Views;
}

/**
 * Creates a memory and writes the network into it. A slot must be cleared before it reads.
 *
 * @param inside see `insideWord` in rows.ts; by default no id is inside a word
 */
export function createEngineMemory(
  kernel: Kernel,
  plan: IntegerPlan,
  sizes: Omit<JobSizes, 'vocabularySize' | 'outputs'>,
  inside: Uint8Array = new Uint8Array(plan.vocabularySize),
): EngineMemory {
  const arena = new Arena(kernel.reserved(sizes.threads));
  const network = new NetworkLayout(arena, plan, kernel, sizes.capacity);
  const { vocabularySize } = plan;
  const job = new JobLayout(arena, { ...sizes, vocabularySize, outputs: network.outputs });
  const memory = kernel.createMemory(arena.size);
  const views = new Views(memory.buffer);
  network.write(views, inside);
  return { network, job, memory, views };
}
