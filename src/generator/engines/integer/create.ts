/** Creates the integer engine of a server: its kernel is a native one where there is one, and runs in threads. */
import { availableProcessors } from '../../../processors.ts';
import type { Model } from '../../model/model.ts';
import type { Engine } from '../engine.ts';
import { expectInteger } from '../rows.ts';
import { startIntegerEngine } from './engine.ts';
import type { Kernel } from './kernel.ts';
import { loadKernel } from './kernels.ts';
import { MAX_THREADS, Threads } from './threads.ts';

/** Threads beyond this number gain little, since they share the memory's bandwidth. */
const MAX_DEFAULT_THREADS = 8;

export interface IntegerEngineOptions {
  /** Number of slots. */
  readonly capacity: number;
  /** Threads that compute; by default the number of processors, but at most 8. */
  readonly threads?: number;
  /** By default the fastest that runs here. */
  readonly kernel?: Kernel;
  /** Milliseconds; by default `performance.now`. */
  readonly clock?: () => number;
}

/**
 * @throws RangeError for options out of range
 * @throws UnplannedModelError for a model that the engine cannot run
 * @throws Error where no kernel can be used
 */
export async function createIntegerEngine(model: Model, options: IntegerEngineOptions): Promise<Engine> {
  const { capacity, clock, threads = Math.min(availableProcessors(), MAX_DEFAULT_THREADS) } = options;
  expectInteger('threads', threads, 1, MAX_THREADS);
  const kernel = options.kernel ?? (await loadKernel());
  return startIntegerEngine(model, { capacity, kernel, threads, startThreads: Threads.start, clock });
}
