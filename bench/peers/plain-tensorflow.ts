/**
 * TensorFlow.js as in its examples: our network with a carried state, but one story per call, with the logits
 * fetched for every character and sampled on the host.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Model } from '../../src/generator/model/model.ts';
import { sampleFromLogits, uniformAt } from '../../src/generator/sampler.ts';
import { plainLstmOf } from './plain-lstm.ts';

/** A function that writes one character of one story. The backend must be the current one. */
export function plainTensorflow(model: Model): () => Promise<void> {
  const { vocabulary } = model;
  const { embedding, lstms, dense } = plainLstmOf(model);
  const table = tf.tensor2d(embedding.matrix, [embedding.rows, embedding.columns]);
  const layers = lstms.map(({ inputSize, units, kernel, recurrentKernel, bias }) => ({
    kernel: tf.concat2d(
      [tf.tensor2d(kernel, [inputSize, 4 * units]), tf.tensor2d(recurrentKernel, [units, 4 * units])],
      0,
    ),
    bias: tf.tensor1d(bias),
  }));
  const denseKernel = tf.tensor2d(dense.kernel, [dense.inputSize, dense.units]);
  const denseBias = tf.tensor1d(dense.bias);
  let states = lstms.map(({ units }) => ({ c: tf.zeros([1, units]), h: tf.zeros([1, units]) }));
  let id = vocabulary.bosId;
  let position = 0;
  return async () => {
    const before = states;
    const { next, logits } = tf.tidy(() => {
      let input = tf.gather(table, tf.tensor1d([id], 'int32')) as tf.Tensor2D;
      const next = layers.map(({ kernel, bias }, i) => {
        const { c, h } = before[i]! as { c: tf.Tensor2D; h: tf.Tensor2D };
        // Its gates are in another order than Keras's, at the same cost.
        const [newC, newH] = tf.basicLSTMCell(tf.scalar(0), kernel, bias, input, c, h);
        input = newH;
        return { c: newC, h: newH };
      });
      return { next, logits: tf.add(tf.matMul(input, denseKernel), denseBias) };
    });
    tf.dispose(before);
    states = next;
    const values = (await logits.data()) as Float32Array;
    logits.dispose();
    id = sampleFromLogits(values, 0, vocabulary.size, 0.4, uniformAt(1, position++, 0));
  };
}
