/** Writes a thousand stories with one kernel; their ids must be the same on every machine. */
import { createHash } from 'node:crypto';
import { createIntegerEngine } from '../../../../src/generator/engines/integer/create.ts';
import type { Kernel } from '../../../../src/generator/engines/integer/kernel.ts';
import { thousandIds } from './thousand-ids.ts';

/**
 * The digest of the stories that a kernel writes; to compare with `THOUSAND_STORIES`.
 *
 * @param threads with 2 or more, some decodes share the units of a layer
 */
export async function thousandStories(kernel: Kernel, threads: number): Promise<string> {
  const ids = await thousandIds((model, capacity) =>
    createIntegerEngine(model, { capacity, threads, kernel }),
  );
  return createHash('sha256').update(ids).digest('hex');
}
