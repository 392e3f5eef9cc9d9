import { setImmediate as breathe } from 'node:timers/promises';
import type { Engine, Row } from '../../src/generator/engines/engine.ts';
import type { AllowedIds } from '../../src/generator/sampler.ts';

type Next = (history: readonly number[], uniform: number, allowed?: AllowedIds) => number;

export interface FakeEngineOptions {
  readonly name?: string;
  readonly capacity?: number;
  readonly vocabularySize?: number;
  readonly stepsPerDecode?: number;
  /** See `Engine`. */
  readonly stepsFor?: (rows: number) => number;
  readonly rowsToSplit?: number;
  /**
   * The id that follows a history of ids, for a uniform; by default a hash of both. If that id is not
   * allowed, the next higher allowed one is drawn, or else the lowest.
   */
  readonly next?: Next;
}

/**
 * An engine without matrices: a slot's state is the list of ids that it has read, and each draw depends on
 * all of it. Records its decodes, and refuses calls that break the engine's contract.
 */
export class FakeEngine implements Engine {
  readonly name: string;
  readonly capacity: number;
  readonly vocabularySize: number;
  readonly stepsPerDecode: number;
  readonly stepsFor: (rows: number) => number;
  readonly rowsToSplit: number | undefined;
  /** Slots of every decode so far. */
  readonly decodes: number[][] = [];
  /** Largest number of decodes that were active together. */
  mostAtOnce = 0;
  /** The error that `decode` throws at its next call. */
  failure: Error | undefined;
  readonly #next: Next;
  readonly #histories: number[][];
  readonly #checkpoints = new Map<string, number[]>();
  #atOnce = 0;

  constructor(options: FakeEngineOptions = {}) {
    this.name = options.name ?? 'fake';
    this.capacity = options.capacity ?? 4;
    this.vocabularySize = options.vocabularySize ?? 97;
    this.stepsPerDecode = options.stepsPerDecode ?? 1;
    this.stepsFor = options.stepsFor ?? (() => this.stepsPerDecode);
    this.rowsToSplit = options.rowsToSplit;
    this.#next = options.next ?? ((history, uniform) => hash(history, uniform) % this.vocabularySize);
    this.#histories = Array.from({ length: this.capacity }, () => []);
  }

  async decode(batch: readonly Row[], steps: number): Promise<Int32Array> {
    const limit = this.rowsToSplit === undefined ? 1 : 2;
    if (this.#atOnce === limit) throw new Error(`Expected ${limit} decodes at a time, got another.`);
    if (batch.length === 0 || batch.length > this.capacity) throw new RangeError(`got ${batch.length} rows`);
    if (new Set(batch.map(({ slot }) => slot)).size !== batch.length) throw new RangeError('a slot twice');
    this.#atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce);
    this.decodes.push(batch.map(({ slot }) => slot));
    await breathe();
    this.#atOnce -= 1;
    const { failure } = this;
    this.failure = undefined;
    if (failure) throw failure;
    const drawn = new Int32Array(batch.length * steps);
    batch.forEach((row, index) => {
      if (row.feed.length < 1 || row.feed.length > steps) throw new RangeError(`got ${row.feed.length} ids`);
      const history = this.#histories[row.slot]!;
      for (let step = 0; step < steps; step++) {
        history.push(step < row.feed.length ? row.feed[step]! : drawn[index * steps + step - 1]!);
        const allowed = row.allowed?.[step];
        const id = this.#next(history, row.uniforms[step]!, allowed);
        if (!allowed || allowed[id] === 1) drawn[index * steps + step] = id;
        else drawn[index * steps + step] = Math.max(allowed.indexOf(1, id), allowed.indexOf(1));
      }
    });
    return drawn;
  }

  logits(): Promise<Float32Array> {
    return Promise.reject(new Error('The fake engine has no logits.'));
  }

  clear(slot: number): void {
    this.#histories[slot] = [];
  }

  checkpoint(slots: readonly number[], number: number): void {
    for (const slot of slots) this.#checkpoints.set(`${slot} ${number}`, [...this.#histories[slot]!]);
  }

  restore(slot: number, number: number): void {
    const saved = this.#checkpoints.get(`${slot} ${number}`);
    if (!saved) throw new Error(`Expected a checkpoint ${number} of slot ${slot}, got none.`);
    this.#histories[slot] = [...saved];
  }

  async close(): Promise<void> {}
}

/** FNV-1a over the ids and the uniform. */
function hash(history: readonly number[], uniform: number): number {
  let state = 0x811c9dc5;
  const mix = (value: number) => {
    state = Math.imul(state ^ value, 0x01000193) >>> 0;
  };
  for (const id of history) mix(id);
  mix(Math.floor(uniform * 0x7fffffff));
  return state >>> 3;
}
