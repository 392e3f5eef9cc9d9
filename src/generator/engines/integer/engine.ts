/**
 * The engine for processors: LSTMs in exact integers, which are the same on every processor. Its arithmetic is
 * defined in docs/integer-engine.md. No `node:` imports.
 */
import { StoryError } from '../../../errors.ts';
import type { Model } from '../../model/model.ts';
import { CHECKPOINTS, type Engine, MAX_CAPACITY, type Row } from '../engine.ts';
import { checkIds, checkRows, checkSlots, expectInteger, insideWord, Mutex } from '../rows.ts';
import { SlotEngine } from '../slot-engine.ts';
import { DecodeLength } from './decode-length.ts';
import type { Kernel } from './kernel.ts';
import { createEngineMemory, type EngineMemory } from './memory.ts';
import { planOf } from './plan.ts';
import { Shares } from './shares.ts';
import { SlotStates } from './slot-states.ts';
import type { DecodeThreads, ThreadsOptions } from './threads.ts';

/** Identifies the arithmetic: the number changes whenever a result does (see `arithmeticOf`). */
export const INTEGER_ENGINE_NAME = 'integer-1';
/** Largest number of characters of a decode. With more, too many are drawn in vain before a rewind. */
const STEPS_PER_DECODE = 16;
/** Decodes of different slots that may be active together: the threads go on to the second without a pause. */
const DECODES_AT_ONCE = 2;
/** Different sets of allowed ids in one decode; a batch with more is decoded in parts. */
const ALLOWED_SETS = 64;

export interface StartOptions {
  /** Number of slots. */
  readonly capacity: number;
  readonly kernel: Kernel;
  /** Threads that compute. */
  readonly threads: number;
  readonly startThreads: (options: ThreadsOptions) => Promise<DecodeThreads>;
  /** Milliseconds; by default `performance.now`. */
  readonly clock?: (() => number) | undefined;
}

/**
 * @throws RangeError for options out of range
 * @throws UnplannedModelError for a model that the engine cannot run
 */
export async function startIntegerEngine(model: Model, options: StartOptions): Promise<Engine> {
  const { capacity, kernel, threads, startThreads } = options;
  expectInteger('capacity', capacity, 1, MAX_CAPACITY);
  const plan = planOf(model);
  const sizes = { capacity, steps: STEPS_PER_DECODE, threads, sets: ALLOWED_SETS };
  const parts = createEngineMemory(kernel, plan, sizes, DECODES_AT_ONCE, insideWord(model));
  const { network, jobs, issued, memory } = parts;
  const pool = await startThreads({
    ...{ kernel, memory, network: network.at, jobs, issued, count: threads },
  });
  return new IntegerEngine({ ...parts, threads: pool }, options.clock ?? (() => performance.now()));
}

interface Parts extends EngineMemory {
  readonly threads: DecodeThreads;
}

class IntegerEngine extends SlotEngine implements Engine {
  readonly name = INTEGER_ENGINE_NAME;
  readonly givesProbabilities = true;
  readonly stepsPerDecode = STEPS_PER_DECODE;
  readonly capacity: number;
  readonly vocabularySize: number;
  readonly #parts: Parts;
  protected readonly states: SlotStates;
  readonly #shares: Shares;
  readonly #length = new DecodeLength(STEPS_PER_DECODE);
  readonly #clock: () => number;
  /** Indices of the jobs that no decode uses. */
  readonly #freeJobs: number[];
  /** Time at which the last decode ended. */
  #lastEnd = 0;
  readonly #calls = new Mutex();

  constructor(parts: Parts, clock: () => number) {
    super();
    this.#parts = parts;
    this.#clock = clock;
    this.#freeJobs = [...parts.jobs.keys()];
    this.capacity = parts.network.capacity;
    this.vocabularySize = parts.network.plan.vocabularySize;
    this.states = new SlotStates(parts.network, parts.views, CHECKPOINTS);
    this.#shares = new Shares(parts.threads.count);
  }

  get rowsToSplit(): number {
    return 2 * this.#shares.rowsForAll;
  }

  stepsFor(rows: number): number {
    return this.#length.stepsFor(rows);
  }

  async decode(batch: readonly Row[], steps: number): Promise<Int32Array> {
    checkRows(this, batch, steps);
    return this.#calls.run(async () => {
      const drawn = new Int32Array(batch.length * steps);
      const requested = this.#clock();
      for (let row = 0; row < batch.length; ) {
        const part = batch.slice(row, row + this.#parts.jobs[0].rowsWithin(batch, row));
        drawn.set(await this.#run(part, steps, true), row * steps);
        row += part.length;
      }
      const ended = this.#clock();
      this.#length.learn(batch.length, steps, ended - Math.max(requested, this.#lastEnd));
      this.#lastEnd = ended;
      return drawn;
    }, DECODES_AT_ONCE);
  }

  async logits(slots: readonly number[], ids: ArrayLike<number>): Promise<Float32Array> {
    checkSlots(this, slots);
    checkIds(this, ids, slots.length);
    const batch = slots.map((slot, i): Row => ({ slot, feed: [ids[i]!], temperature: 1, uniforms: [0] }));
    return this.#calls.run(async () => {
      await this.#run(batch, 1, false);
      const { network, views } = this.#parts;
      const logits = new Float32Array(batch.length * this.vocabularySize);
      batch.forEach(({ slot }, row) => {
        logits.set(network.logitsOf(views, slot), row * this.vocabularySize);
      });
      return logits;
    });
  }

  close(): Promise<void> {
    return this.#calls.close(() => this.#parts.threads.close());
  }

  async #run(batch: readonly Row[], steps: number, draws: boolean): Promise<Int32Array> {
    const { jobs, views, threads } = this.#parts;
    const index = this.#freeJobs.pop()!;
    const job = jobs[index]!;
    for (const { slot } of batch) this.states.settle(slot);
    const share = this.#shares.next(batch.length);
    job.write(views, batch, this.states.halves, { ...share, steps, draws });
    await threads.run(index, share.threads).finally(() => this.#freeJobs.push(index));
    if (share.rowsEach === 0) this.#shares.learn(job.wasLeftToOne(views));
    for (const { slot } of batch) this.states.advance(slot, steps);
    if (job.isBroken(views)) throw new StoryError('internal', 'Nothing can be drawn from such logits.');
    job.readProbabilities(views, batch, steps);
    return job.drawn(views, batch.length, steps);
  }
}
