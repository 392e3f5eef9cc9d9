/**
 * Decodes on the calling thread. For a browser's worker: other workers can share its memory only on a page with
 * headers that few static hosts send. No `node:` imports.
 */
import { nextTask } from '../rows.ts';
import type { DecodeThreads, ThreadsOptions } from './threads.ts';

export async function startOwnThread(options: ThreadsOptions): Promise<DecodeThreads> {
  const { kernel, memory, network, jobs } = options;
  const decode = kernel.attach(memory, 0);
  return {
    count: 1,
    async run(job) {
      decode(network, jobs[job]!.at);
      // Messages that arrived meanwhile are handled before the next decode.
      await nextTask();
    },
    close: async () => {},
  };
}
