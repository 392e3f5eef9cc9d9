/**
 * The two steps of the network that TensorFlow.js has no operation for, as functions of tensors. `composed`
 * builds them from its operations and runs on every backend; a backend may bring faster ones of its own.
 */
import * as tf from '@tensorflow/tfjs-core';

/** What a lane's temperature 0 becomes: every logit but the likeliest falls to a weight of 0. */
const COLDEST = 1e30;
/**
 * The largest uniform that a float32 product with a total keeps below that total, so that the running sum
 * passes it somewhere, whatever was rounded.
 */
const LARGEST_UNIFORM = 1 - 2 ** -23;

/** The part of the gates that one-character inputs bring: a row of `table` for each id. */
export interface Lookup {
  /** [vocabulary size, 4 * units] */
  readonly table: tf.Tensor2D;
  /** [rows], int32 */
  readonly ids: tf.Tensor1D;
}

/** Everything that drawing takes besides logits, on the device. */
export interface DrawInputs {
  /** [rows]: 1 / temperature, see `inverseTemperature`. */
  readonly inverseTemperatures: tf.Tensor1D;
  /** [steps, rows]: see `safeUniform`. */
  readonly uniforms: tf.Tensor2D;
  readonly step: number;
}

export interface Kernels {
  /**
   * The gates of an LSTM in Keras's order (input, forget, cell, output):
   * c' = sigmoid(f) c + sigmoid(i) tanh(g), h' = sigmoid(o) tanh(c').
   *
   * @param gates [rows, 4 * units]
   * @param cell [rows, units]
   * @param lookup what is to be added to the gates, if not all is in them
   */
  lstmCell(
    gates: tf.Tensor2D,
    cell: tf.Tensor2D,
    lookup: Lookup | undefined,
  ): { hidden: tf.Tensor2D; cell: tf.Tensor2D };
  /**
   * For each row the first id at which the running sum of exp((l - max l) / T) passes uniform x total: the
   * inverse of the cumulative distribution, as in sampling.ts, in float32.
   *
   * @param logits [rows, vocabulary size]
   * @returns [rows], int32
   */
  draw(logits: tf.Tensor2D, inputs: DrawInputs): tf.Tensor1D;
}

export function inverseTemperature(temperature: number): number {
  return Math.min(COLDEST, 1 / temperature);
}

/** The uniform as a device may have it; the likeliest of several equals is the lowest when it is cold. */
export function safeUniform(uniform: number, temperature: number): number {
  return temperature === 0 ? 0 : Math.min(LARGEST_UNIFORM, uniform);
}

/** The kernels for any backend. `vocabularySize` logits are drawn from. */
export function composedKernels(vocabularySize: number): Kernels & { dispose(): void } {
  // Column j of this matrix sums the first j + 1 weights of a row: one product instead of a scan.
  const upTo = tf.tidy(() => {
    const ids = tf.range(0, vocabularySize);
    return tf.cast(tf.lessEqual(tf.expandDims(ids, 1), tf.expandDims(ids, 0)), 'float32') as tf.Tensor2D;
  });
  return {
    lstmCell(gates, cell, lookup) {
      const all = lookup ? tf.add(gates, tf.gather(lookup.table, lookup.ids)) : gates;
      const [input, forget, candidate, output] = tf.split(all, 4, 1) as tf.Tensor2D[];
      const next = tf.add(
        tf.mul(tf.sigmoid(forget!), cell),
        tf.mul(tf.sigmoid(input!), tf.tanh(candidate!)),
      ) as tf.Tensor2D;
      return { cell: next, hidden: tf.mul(tf.sigmoid(output!), tf.tanh(next)) };
    },
    draw(logits, { inverseTemperatures, uniforms, step }) {
      const rows = logits.shape[0];
      const centred = tf.sub(logits, tf.max(logits, 1, true));
      const weights = tf.exp(tf.mul(centred, tf.reshape(inverseTemperatures, [rows, 1])));
      const sums = tf.matMul(weights as tf.Tensor2D, upTo);
      const totals = tf.slice(sums, [0, vocabularySize - 1], [rows, 1]);
      const targets = tf.mul(tf.reshape(tf.slice(uniforms, [step, 0], [1, rows]), [rows, 1]), totals);
      return tf.sum(tf.cast(tf.lessEqual(sums, targets), 'int32'), 1) as tf.Tensor1D;
    },
    dispose: () => upTo.dispose(),
  };
}
