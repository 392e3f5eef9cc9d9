/** A decode's arguments as the programs read them (wgsl/bindings.ts). No `node:` imports. */
import type { AllowedIds } from '../../sampler.ts';
import type { Row } from '../engine.ts';
import { bitsOf } from './network-arrays.ts';
import type { Places, State } from './places.ts';
import { JOB_WORDS, ROW_WORDS } from './wgsl/bindings.ts';

/** Below any difference of two logits. */
const LOG_OF_NO_MIN_P = -1e300;

export interface Job {
  readonly words: Uint32Array<ArrayBuffer>;
  /** For each row, the state that its first step writes. */
  readonly targets: readonly State[];
}

/** @param draws false where only logits are wanted */
export function writeJob(batch: readonly Row[], steps: number, draws: boolean, places: Places): Job {
  const rows = batch.length;
  const uniformsAt = rows * ROW_WORDS;
  const feedsAt = uniformsAt + rows * steps * 2;
  const sets = new AllowedSets(batch, steps, feedsAt + rows * steps);
  const words = new Uint32Array(JOB_WORDS.length + sets.end);
  words.set([rows, steps, draws ? 1 : 0, uniformsAt, feedsAt, sets.at]);
  const after = words.subarray(JOB_WORDS.length);
  const doubles = new Float64Array(words.buffer, JOB_WORDS.length * 4, uniformsAt / 2 + rows * steps);
  const targets = batch.map(
    ({ slot, feed, temperature, wordTemperature = temperature, minP = 0, uniforms }, row) => {
      const { from, to } = places.next(slot);
      after.set([from.place * 2 + from.half, to.place, to.half, feed.length], row * ROW_WORDS);
      const logMinP = minP === 0 ? LOG_OF_NO_MIN_P : Math.log(minP);
      doubles.set([temperature, wordTemperature, logMinP], row * (ROW_WORDS / 2) + 2);
      after.set(feed, feedsAt + row * steps);
      if (draws) {
        for (let step = 0; step < steps; step++)
          doubles[uniformsAt / 2 + row * steps + step] = uniforms[step]!;
      }
      return to;
    },
  );
  sets.write(after);
  return { words, targets };
}

/** The sets of allowed ids of a decode, each once, as bits. */
class AllowedSets {
  /** Index of the words that name each row's and step's set; 0 where no step is restricted. */
  readonly at: number;
  /** The number of words up to the last set. */
  readonly end: number;
  readonly #batch: readonly Row[];
  readonly #steps: number;
  readonly #indices = new Map<AllowedIds, number>();

  constructor(batch: readonly Row[], steps: number, start: number) {
    this.#batch = batch;
    this.#steps = steps;
    const isRestricted = batch.some(({ allowed }) => allowed?.some((ids) => ids !== undefined));
    this.at = isRestricted ? start : 0;
    let end = isRestricted ? start + batch.length * steps : start;
    for (const { allowed = [] } of isRestricted ? batch : []) {
      for (const ids of allowed) {
        if (!ids || this.#indices.has(ids)) continue;
        this.#indices.set(ids, end);
        end += Math.ceil(ids.length / 32);
      }
    }
    this.end = end;
  }

  write(words: Uint32Array): void {
    for (const [ids, at] of this.#indices) words.set(new Uint32Array(bitsOf(ids).buffer), at);
    this.#batch.forEach(({ allowed }, row) => {
      for (let step = 0; step < this.#steps; step++) {
        const ids = allowed?.[step];
        if (ids) words[this.at + row * this.#steps + step] = this.#indices.get(ids)!;
      }
    });
  }
}
