/**
 * The two operations of the network that TensorFlow.js lacks, as functions of tensors. `composedKernels`
 * builds them from its operations and runs on every backend; a backend may supply faster ones.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type Arithmetic, activate } from '../../model/activation-formulas.ts';
import type { LstmLayer } from '../../model/layers.ts';

/** Stands for the inverse of temperature 0: the weight of every logit but the largest becomes 0. */
const COLDEST = 1e30;
/**
 * Logit of an id that may not be drawn: far below any that a network computes, and still finite when it is
 * multiplied by `COLDEST`, since GPU programs need not support infinities.
 */
const FORBIDDEN = -1e8;
/**
 * The largest uniform whose float32 product with a total stays below that total, so that the running sum
 * always passes it, despite rounding.
 */
const LARGEST_UNIFORM = 1 - 2 ** -23;

/** The arithmetic of activations as operations of TensorFlow.js, on [rows, columns]. */
export const TENSORS: Arithmetic<tf.Tensor2D> = {
  add: (a, b) => tf.add(a, b),
  subtract: (a, b) => tf.sub(a, b),
  multiply: (a, b) => tf.mul(a, b),
  divide: (a, b) => tf.div(a, b),
  max: (a, b) => tf.maximum(a, b),
  min: (a, b) => tf.minimum(a, b),
  abs: tf.abs,
  exp: tf.exp,
  sqrt: tf.sqrt,
  tanh: tf.tanh,
  sigmoid: tf.sigmoid,
  softplus: tf.softplus,
  erf: tf.erf,
  above: (x, bound) => tf.cast(tf.greater(x, bound), 'float32'),
  softmax: (x) => tf.softmax(x),
  logSoftmax: (x) => tf.logSoftmax(x),
  sortDescending: (x) => tf.topk(x, x.shape[1]).values,
  cumulativeSum: (x) => tf.cumsum(x, 1),
  divideByRank: (x) => tf.div(x, tf.range(1, x.shape[1] + 1)),
  rowMax: (x) => tf.max(x, 1, true),
  halves: (x) => tf.split(x, 2, 1) as [tf.Tensor2D, tf.Tensor2D],
};

/** An id's contribution to a layer's gates: a row of `table` for each id. */
export interface Lookup {
  /** [vocabulary size, gates * units] */
  readonly table: tf.Tensor2D;
  /** [rows], int32 */
  readonly ids: tf.Tensor1D;
}

/** The inputs of drawing besides logits, on the device. */
export interface DrawInputs {
  /** [rows]: 1 / temperature, see `inverseTemperature`. */
  readonly inverseTemperatures: tf.Tensor1D;
  /** [steps, rows]: see `safeUniform`. */
  readonly uniforms: tf.Tensor2D;
  readonly step: number;
}

export type CellActivations = Pick<LstmLayer, 'activation' | 'recurrentActivation'>;

export interface Kernels {
  /** The rows of a table for ids: [rows, columns] */
  lookUp(lookup: Lookup): tf.Tensor2D;
  /**
   * The gates of an LSTM in Keras's order (input, forget, cell, output), with r the recurrent activation and
   * a the activation: c' = r(f) c + r(i) a(g), h' = r(o) a(c').
   *
   * @param gates [rows, 4 * units]
   * @param cell [rows, units]
   * @param lookup the rest of the gates' sum, where `gates` is not complete
   */
  lstmCell(
    gates: tf.Tensor2D,
    cell: tf.Tensor2D,
    lookup: Lookup | undefined,
    activations: CellActivations,
  ): { hidden: tf.Tensor2D; cell: tf.Tensor2D };
  /**
   * For each row the first id at which the running sum of exp((l - max l) / T) passes uniform x total: the
   * inverse of the cumulative distribution, as in sampler.ts, in float32.
   *
   * @param logits [rows, vocabulary size]
   * @returns [rows], int32
   */
  draw(logits: tf.Tensor2D, inputs: DrawInputs): tf.Tensor1D;
}

export function inverseTemperature(temperature: number): number {
  return Math.min(COLDEST, 1 / temperature);
}

/**
 * The uniform as a device receives it; at temperature 0 the lowest of several equally likely ids is drawn.
 */
export function safeUniform(uniform: number, temperature: number): number {
  return temperature === 0 ? 0 : Math.min(LARGEST_UNIFORM, uniform);
}

/**
 * Makes ids that are not allowed impossible to draw; the logits of the others keep their bits.
 *
 * @param logits [rows, vocabulary size]
 * @param allowed of the same shape, bool
 */
export function onlyAllowed(logits: tf.Tensor2D, allowed: tf.Tensor2D): tf.Tensor2D {
  return tf.where<tf.Tensor>(allowed, logits, tf.scalar(FORBIDDEN)) as tf.Tensor2D;
}

/**
 * Makes ids that min-p excludes impossible to draw, see `sampleFromLogits`; the logits of the others are
 * unchanged.
 *
 * @param logits [rows, vocabulary size]
 * @param logMinP [rows, 1]
 */
export function likelyEnough(logits: tf.Tensor2D, logMinP: tf.Tensor2D): tf.Tensor2D {
  const least = tf.add(tf.max(logits, 1, true), logMinP);
  return tf.where<tf.Tensor>(tf.greaterEqual(logits, least), logits, tf.scalar(FORBIDDEN)) as tf.Tensor2D;
}

/**
 * The kernels for any backend.
 *
 * @param vocabularySize number of logits
 * @param lookUp a faster lookup of rows, where the backend has one
 */
export function composedKernels(
  vocabularySize: number,
  lookUp: Kernels['lookUp'] = ({ table, ids }) => tf.gather(table, ids),
): Kernels & { dispose(): void } {
  // Column j of this matrix sums the first j + 1 weights of a row: one product instead of a scan.
  const upTo = tf.tidy(() => {
    const ids = tf.range(0, vocabularySize);
    return tf.cast(tf.lessEqual(tf.expandDims(ids, 1), tf.expandDims(ids, 0)), 'float32') as tf.Tensor2D;
  });
  return {
    lookUp,
    lstmCell(gates, cell, lookup, { activation, recurrentActivation }) {
      const all = lookup ? tf.add(gates, lookUp(lookup)) : gates;
      const [input, forget, candidate, output] = tf.split(all, 4, 1) as tf.Tensor2D[];
      const gate = (x: tf.Tensor2D) => activate(TENSORS, recurrentActivation, x);
      const squash = (x: tf.Tensor2D) => activate(TENSORS, activation, x);
      const kept = tf.mul(gate(forget!), cell);
      const next = tf.add(kept, tf.mul(gate(input!), squash(candidate!))) as tf.Tensor2D;
      return { cell: next, hidden: tf.mul(gate(output!), squash(next)) };
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
