/**
 * A decode's arguments and results in the memory of the threads, in the layout of kernel/layout.h, and the
 * words with which the threads are started and synchronised. No `node:` imports.
 */
import { LIKELIEST } from '../../draw-probabilities.ts';
import type { AllowedIds } from '../../sampler.ts';
import type { Row } from '../engine.ts';
import type { Arena, Views } from './arena.ts';

const WORD = 4;
const DOUBLE = 8;
const JOB_WORDS = 21;
/** Of each thread's `ThreadState`, and of each word of `Sync`. */
export const LINE_WORDS = 16;
const SYNC_WORDS = 5 * LINE_WORDS;
/** Index of `phase` in `ThreadState`. */
const THREAD_PHASE = 3;
/** Indices in `Sync` of the words `phase`, `sole_thread` and `is_broken`. */
const [PHASE, SOLE_THREAD, IS_BROKEN] = [2 * LINE_WORDS, 2 * LINE_WORDS + 1, 4 * LINE_WORDS];

/** The arrays of `Job`, in its order. */
const ARRAYS = [
  ...(['slots', 'parities', 'feedCounts', 'feeds', 'drawn', 'allowed', 'temperatures'] as const),
  ...(['wordTemperatures', 'logMinPs', 'uniforms', 'asks', 'likeliest', 'probabilities'] as const),
  ...(['states', 'scratch', 'sync'] as const),
] as const;

export interface JobSizes {
  readonly capacity: number;
  /** Largest number of steps of a decode. */
  readonly steps: number;
  readonly threads: number;
  readonly vocabularySize: number;
  readonly outputs: number;
  /** Different sets of allowed ids in one decode; at least `steps`. */
  readonly sets: number;
}

/** The rows of a decode as the kernel takes them. */
export interface JobOptions {
  readonly steps: number;
  /** False where only logits are wanted. */
  readonly draws: boolean;
  /** Threads that take part. */
  readonly threads: number;
  /** Rows that a thread takes at a time; 0 where the threads share the units of all rows. */
  readonly rowsEach: number;
}

export class JobLayout {
  /** Offset of the structure `Job`. */
  readonly at: number;
  /** Indices of words: what starts the threads, and the number of threads that have not finished. */
  readonly command: number;
  readonly remaining: number;
  /** Index of the word `Sync.phase`, and of the word `phase` of the first thread's state. */
  readonly phase: number;
  readonly firstThreadPhase: number;
  readonly #sizes: JobSizes;
  readonly #sync: number;
  readonly #places: Readonly<Record<(typeof ARRAYS)[number], number>>;
  readonly #sets: number;

  constructor(arena: Arena, sizes: JobSizes) {
    this.#sizes = sizes;
    const { capacity, steps, threads, outputs, vocabularySize } = sizes;
    this.at = arena.reserve(JOB_WORDS * WORD);
    const [rows, cells] = [capacity * WORD, capacity * steps * WORD];
    this.#places = {
      slots: arena.reserve(rows),
      parities: arena.reserve(rows),
      feedCounts: arena.reserve(rows),
      feeds: arena.reserve(cells),
      drawn: arena.reserve(cells),
      allowed: arena.reserve(cells),
      temperatures: arena.reserve(capacity * DOUBLE),
      wordTemperatures: arena.reserve(capacity * DOUBLE),
      logMinPs: arena.reserve(capacity * DOUBLE),
      uniforms: arena.reserve(capacity * steps * DOUBLE),
      asks: arena.reserve(rows),
      likeliest: arena.reserve(cells * LIKELIEST),
      probabilities: arena.reserve(cells * (1 + LIKELIEST)),
      states: arena.reserve(threads * LINE_WORDS * WORD),
      scratch: arena.reserve(threads * outputs * DOUBLE),
      sync: arena.reserve(SYNC_WORDS * WORD),
    };
    this.#sync = this.#places.sync / WORD;
    this.#sets = arena.reserve(sizes.sets * vocabularySize);
    this.command = arena.reserve(LINE_WORDS * WORD) / WORD;
    this.remaining = arena.reserve(LINE_WORDS * WORD) / WORD;
    this.phase = this.#sync + PHASE;
    this.firstThreadPhase = this.#places.states / WORD + THREAD_PHASE;
  }

  /** Rows from `first` on whose sets of allowed ids fit into one decode. */
  rowsWithin(batch: readonly Row[], first: number): number {
    const sets = new Set<AllowedIds>();
    for (let end = first; end < batch.length; end++) {
      for (const ids of batch[end]!.allowed ?? []) if (ids) sets.add(ids);
      if (sets.size > this.#sizes.sets) return end - first;
    }
    return batch.length - first;
  }

  /**
   * Writes the arguments of a decode.
   *
   * @param halves for each slot, which half of `hidden` holds its current state
   */
  write(views: Views, batch: readonly Row[], halves: Uint8Array, options: JobOptions): void {
    const { steps, draws, threads, rowsEach } = options;
    const { words, doubles } = views;
    const places = this.#places;
    words.set(
      [batch.length, steps, draws ? 1 : 0, threads, rowsEach, ...ARRAYS.map((name) => places[name])],
      this.at / WORD,
    );
    words.fill(0, this.#sync, this.#sync + SYNC_WORDS);
    words.fill(0, places.states / WORD, places.states / WORD + this.#sizes.threads * LINE_WORDS);
    words.fill(0, places.allowed / WORD, places.allowed / WORD + batch.length * steps);
    const sets = new Map<AllowedIds, number>();
    batch.forEach((row, i) => {
      const { slot, feed, temperature, wordTemperature = temperature, minP = 0, uniforms, allowed } = row;
      words[places.slots / WORD + i] = slot;
      words[places.parities / WORD + i] = halves[slot]!;
      words[places.feedCounts / WORD + i] = feed.length;
      words[places.asks / WORD + i] = row.probabilities ? 1 : 0;
      words.set(feed, places.feeds / WORD + i * steps);
      if (!draws) return;
      doubles[places.temperatures / DOUBLE + i] = temperature;
      doubles[places.wordTemperatures / DOUBLE + i] = wordTemperature;
      doubles[places.logMinPs / DOUBLE + i] = minP === 0 ? -Infinity : Math.log(minP);
      for (let step = 0; step < steps; step++) {
        doubles[places.uniforms / DOUBLE + i * steps + step] = uniforms[step]!;
        const ids = allowed?.[step];
        if (ids) words[places.allowed / WORD + i * steps + step] = this.#writeSet(views, sets, ids);
      }
    });
  }

  /** Offset of a set of allowed ids, written on first use. */
  #writeSet(views: Views, sets: Map<AllowedIds, number>, ids: AllowedIds): number {
    const written = sets.get(ids);
    if (written !== undefined) return written;
    const at = this.#sets + sets.size * this.#sizes.vocabularySize;
    views.bytes.set(ids, at);
    sets.set(ids, at);
    return at;
  }

  /** The ids that were drawn: [rows, steps]. */
  drawn({ words }: Views, rows: number, steps: number): Int32Array {
    const at = this.#places.drawn / WORD;
    return words.slice(at, at + rows * steps);
  }

  /**
   * Copies the probabilities of the draws to the rows that asked for them. Values of steps that only fed have no
   * meaning.
   */
  readProbabilities({ words, floats }: Views, batch: readonly Row[], steps: number): void {
    const [ids, probabilities] = [this.#places.likeliest / WORD, this.#places.probabilities / WORD];
    const [listed, values] = [steps * LIKELIEST, steps * (1 + LIKELIEST)];
    batch.forEach((row, i) => {
      row.probabilities?.ids.set(words.subarray(ids + i * listed, ids + (i + 1) * listed));
      row.probabilities?.values.set(
        floats.subarray(probabilities + i * values, probabilities + (i + 1) * values),
      );
    });
  }

  /** Whether the threads could not go on together in the last decode, because one had lost its processor. */
  wasLeftToOne({ words }: Views): boolean {
    return words[this.#sync + SOLE_THREAD] !== 0;
  }

  /** Whether the logits of a row were no distribution in the last decode. */
  isBroken({ words }: Views): boolean {
    return words[this.#sync + IS_BROKEN] !== 0;
  }
}
