/**
 * A corpus as parallel streams. The text is cut into as many stretches as there are streams. Each is read
 * from its beginning to its end, chunk after chunk with its state carried over, and starts from a fresh state
 * at the beginning of a work and occasionally at random.
 */
import { uniformAt } from '../../generator/sampler.ts';
import type { Corpus } from './corpus.ts';
import type { TrainingBatch } from './network.ts';
import { type Progress, phaseOf } from './progress.ts';

/**
 * A network that never met a fresh state in training can diverge from one, so a stream starts from a fresh
 * state about once in this many characters, at any position.
 */
export const FRESH_ONCE_IN = 4_000;

export interface StreamOptions {
  readonly streams: number;
  readonly steps: number;
  /** The id that begins each work and occurs nowhere else; undefined when the vocabulary has none. */
  readonly boundaryId: number | undefined;
  /** Seed of the random fresh states; undefined for none. */
  readonly seed: number | undefined;
  /** Mean number of ids between two of those. */
  readonly freshOnceIn?: number;
}

export class Streams {
  /** Chunks of one pass over the text. */
  readonly chunks: number;
  readonly #ids: Uint8Array | Uint16Array | Int32Array;
  readonly #options: StreamOptions;
  readonly #stretch: number;

  /** @throws RangeError for a text that is too short for one chunk of every stream */
  constructor(ids: Uint8Array | Uint16Array | Int32Array, options: StreamOptions) {
    this.#ids = ids;
    this.#options = options;
    const { streams, steps } = options;
    this.#stretch = Math.floor((ids.length - 1) / streams);
    this.chunks = Math.floor(this.#stretch / steps);
    if (this.chunks === 0) {
      const needed = streams * steps + 1;
      throw new RangeError(
        `Expected a text of ${needed} characters or more for ${streams} streams of ${steps} steps, got ${ids.length}.`,
      );
    }
  }

  /**
   * One chunk of every stream.
   *
   * @param chunk 0 to `chunks` - 1
   * @param epoch the pass; other passes have fresh states elsewhere
   */
  batch(chunk: number, epoch: number): TrainingBatch {
    const { streams, steps, boundaryId, seed, freshOnceIn = FRESH_ONCE_IN } = this.#options;
    const rows = steps * streams;
    const batch = {
      steps,
      streams,
      inputs: new Int32Array(rows),
      targets: new Int32Array(rows),
      fresh: new Uint8Array(rows),
    };
    for (let stream = 0; stream < streams; stream++) {
      const from = stream * this.#stretch + chunk * steps;
      for (let step = 0; step < steps; step++) {
        const row = step * streams + stream;
        const id = this.#ids[from + step]!;
        batch.inputs[row] = id;
        batch.targets[row] = this.#ids[from + step + 1]!;
        const isBeginning = chunk === 0 && step === 0;
        const isByChance = seed !== undefined && uniformAt(seed, from + step, epoch) < 1 / freshOnceIn;
        if (isBeginning || id === boundaryId || isByChance) batch.fresh[row] = 1;
      }
    }
    return batch;
  }
}

/** The training text as the streams of a run's current phase. */
export function trainingStreams(corpus: Corpus, progress: Progress): Streams {
  const { train, vocabulary, charactersPerId } = corpus;
  const { steps, seed } = progress.settings;
  const { streams } = phaseOf(progress);
  const freshOnceIn = FRESH_ONCE_IN / charactersPerId.train;
  return new Streams(train, { streams, steps, seed, freshOnceIn, boundaryId: vocabulary.eosId });
}
