/**
 * Writes a thousand stories with one kernel and prints a digest of their ids, which must be the same on every
 * machine. On a machine of another kind, under Node 24, which needs no loader for TypeScript:
 *
 *   node test/generator/engines/integer/thousand-stories.ts [KERNEL]
 */
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { createIntegerEngine } from '../../../../src/generator/engines/integer/create.ts';
import { kernelNames, loadKernel } from '../../../../src/generator/engines/integer/kernels.ts';
import { thousandIds } from './thousand-ids.ts';

/** @param threads with 2 or more, some decodes share the units of a layer */
export async function thousandStories(kernelName: string, threads: number): Promise<string> {
  const kernel = await loadKernel(kernelName);
  const ids = await thousandIds((model, capacity) =>
    createIntegerEngine(model, { capacity, threads, kernel }),
  );
  return createHash('sha256').update(ids).digest('hex');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const kernel of process.argv[2] ? [process.argv[2]] : await kernelNames()) {
    console.log(`${await thousandStories(kernel, 2)}  ${kernel}`);
  }
}
