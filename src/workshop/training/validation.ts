/** Measures how well weights predict the validation text during training. */
import * as tf from '@tensorflow/tfjs-core';
import type { CellState } from './cells.ts';
import type { Corpus } from './corpus.ts';
import type { TrainableNetwork } from './network.ts';
import type { Score } from './progress.ts';
import type { Weights } from './stages.ts';
import { Streams } from './streams.ts';
import { inTidy, numberIn } from './tidy.ts';

/** Number of parallel stretches, and of steps that are read at once. */
const STREAMS = 16;
const STEPS = 64;
/** Only the beginning of a longer validation text is read; `scifi evaluate` reads all of it. */
const MOST = 400_000;

/**
 * Reads the validation text in parallel stretches that each start from a fresh state. The score is slightly
 * higher than that of `scifi evaluate`, which carries the state to the end of a work.
 *
 * @param options.steps number of steps read at once: a window's, for a network without a carried state
 * @returns undefined when the signal aborted it
 */
export async function validate(
  network: TrainableNetwork,
  weights: Weights,
  corpus: Corpus,
  options: { readonly steps?: number; readonly signal?: AbortSignal | undefined } = {},
): Promise<Score | undefined> {
  const { signal } = options;
  const ids = corpus.valid.subarray(0, MOST + 1);
  const length = ids.length - 1;
  const steps = Math.min(options.steps ?? STEPS, length);
  const streams = Math.max(1, Math.min(STREAMS, Math.floor(length / steps)));
  const reader = new Streams(ids, {
    streams,
    steps,
    boundaryId: corpus.vocabulary.eosId,
    seed: undefined,
  });
  let states: readonly CellState[] = network.freshStates(streams);
  let [nats, right] = [0, 0];
  try {
    for (let chunk = 0; chunk < reader.chunks; chunk++) {
      if (signal?.aborted) return undefined;
      const given = states;
      const pass = inTidy(() => network.read(weights, reader.batch(chunk, 0), given));
      tf.dispose(states as never);
      states = pass.states;
      nats += await numberIn(pass.loss);
      right += await numberIn(pass.right);
      // Yields to signals: on WASM nothing above is asynchronous.
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    tf.dispose(states as never);
  }
  return {
    bitsPerCharacter: nats / reader.chunks / Math.LN2 / corpus.charactersPerId.valid,
    accuracy: right / (reader.chunks * streams * steps),
  };
}
