/** The arithmetic of activations as operations of TensorFlow.js, on [rows, columns]. */
import * as tf from '@tensorflow/tfjs-core';
import type { Arithmetic } from '../../model/activation-formulas.ts';

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
  divideByPlace: (x) => tf.div(x, tf.range(1, x.shape[1] + 1)),
  rowMax: (x) => tf.max(x, 1, true),
  halves: (x) => tf.split(x, 2, 1) as [tf.Tensor2D, tf.Tensor2D],
};
