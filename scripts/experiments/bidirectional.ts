/**
 * The ancestor's trap: an LSTM that reads a window from both ends and is asked for the next character at every
 * place in it. The half that comes from the right has read that character already. It is good for nothing but to show
 * that, so it lives here and not among what can be trained.
 */
import * as tf from '@tensorflow/tfjs-core';
import { CELLS, type CellWeights, type Chunk } from '../../src/generator/training/cells.ts';
import { type Lesson, TrainableNetwork } from '../../src/generator/training/network.ts';
import type { Weights } from '../../src/generator/training/stages.ts';

export interface BothWays {
  readonly weights: Weights;
  readonly units: number;
  readonly vocabularySize: number;
}

const HALVES = ['forward', 'backward'] as const;

export function drawBothWays(units: number, embedding: number, vocabularySize: number): BothWays {
  const weights = new Map<string, tf.Tensor>();
  HALVES.forEach((half, i) => {
    const network = new TrainableNetwork(
      { cell: 'lstm', units: [units], embedding, dropout: 0 },
      vocabularySize,
    );
    for (const [name, tensor] of network.draw(i + 1)) {
      if (name.startsWith('embedding') && i === 1) continue;
      weights.set(name.startsWith('lstm') ? name.replace('lstm_0', half) : name, tensor);
    }
  });
  weights.get('dense/kernel')!.dispose();
  const limit = Math.sqrt(6 / (2 * units + vocabularySize));
  weights.set('dense/kernel', tf.randomUniform([2 * units, vocabularySize], -limit, limit, 'float32', 3));
  return { weights, units, vocabularySize };
}

/**
 * Reads windows, each from fresh states at both ends. To be called inside `tf.tidy`.
 *
 * @param lesson every stream is a window; its `fresh` is not looked at
 * @returns logits, [steps * streams, vocabulary size], time first, and what learning takes
 */
export function readBothWays(
  { weights, units, vocabularySize }: BothWays,
  { inputs, targets, steps, streams }: Lesson,
): { logits: tf.Tensor2D; loss: tf.Scalar; right: tf.Scalar; gradients: () => Weights } {
  const rows = steps * streams;
  const chunk: Chunk = { steps, streams, keep: new Array(steps).fill(undefined) };
  const ids = tf.tensor1d(inputs, 'int32');
  const table = weights.get('embedding/embeddings') as tf.Tensor2D;
  const signal = tf.gather(table, ids) as tf.Tensor2D;
  const turned = (matrix: tf.Tensor2D) =>
    tf.reshape(
      tf.reverse(tf.reshape(matrix, [steps, streams, matrix.shape[1]]), 0),
      matrix.shape,
    ) as tf.Tensor2D;
  const passes = HALVES.map((half) => {
    const names = [`${half}/kernel`, `${half}/recurrent_kernel`, `${half}/bias`];
    const given = names.map((name) => weights.get(name)!) as unknown as CellWeights;
    const zeros = [tf.zeros([streams, units]), tf.zeros([streams, units])] as tf.Tensor2D[];
    const passed = CELLS.lstm.forward(given, half === 'forward' ? signal : turned(signal), zeros, chunk);
    return { names, passed, half };
  });
  const outputs = tf.concat2d(
    passes.map(({ passed, half }) => (half === 'forward' ? passed.outputs : turned(passed.outputs))),
    1,
  );
  const kernel = weights.get('dense/kernel') as tf.Tensor2D;
  const logits = tf.add(tf.matMul(outputs, kernel), weights.get('dense/bias')!) as tf.Tensor2D;
  const wanted = tf.cast(tf.oneHot(tf.tensor1d(targets, 'int32'), vocabularySize), 'float32') as tf.Tensor2D;
  const logarithms = tf.logSoftmax(logits);
  const gradients = () => {
    const found = new Map<string, tf.Tensor>();
    const dLogits = tf.div(tf.sub(tf.exp(logarithms), wanted), rows) as tf.Tensor2D;
    found.set('dense/kernel', tf.matMul(outputs, dLogits, true));
    found.set('dense/bias', tf.sum(dLogits, 0));
    const halves = tf.split(tf.matMul(dLogits, kernel, false, true), 2, 1) as tf.Tensor2D[];
    let dSignal: tf.Tensor2D = tf.zeros(signal.shape);
    passes.forEach(({ names, passed, half }, i) => {
      const back = passed.backward(half === 'forward' ? halves[i]! : turned(halves[i]!));
      for (const [j, name] of names.entries()) found.set(name, back.weights[j]!);
      dSignal = tf.add(dSignal, half === 'forward' ? back.inputs : turned(back.inputs));
    });
    const chosen = tf.cast(tf.oneHot(ids, vocabularySize), 'float32') as tf.Tensor2D;
    found.set('embedding/embeddings', tf.matMul(chosen, dSignal, true));
    return found;
  };
  return {
    logits,
    loss: tf.neg(tf.mean(tf.sum(tf.mul(logarithms, wanted), 1))) as tf.Scalar,
    right: tf.sum(tf.cast(tf.equal(tf.argMax(logits, 1), tf.argMax(wanted, 1)), 'int32')) as tf.Scalar,
    gradients,
  };
}
