/**
 * Operations on matrices whose rows are the steps and streams of a chunk: multiply, split and concatenate.
 */
import * as tf from '@tensorflow/tfjs-core';

export function multiply(a: tf.Tensor2D, b: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor2D {
  return tf.fused.matMul({ a, b, bias }) as tf.Tensor2D;
}

/** Transposed in memory: the WASM backend multiplies matrices in the other order one step at a time. */
export function transpose(matrix: tf.Tensor2D): tf.Tensor2D {
  return tf.transpose(matrix);
}

/** The sum over all rows, as a product, because the WASM backend would transpose the matrix first. */
export function sumOfRows(matrix: tf.Tensor2D): tf.Tensor1D {
  return tf.reshape(tf.matMul(tf.ones([1, matrix.shape[0]]), matrix), [matrix.shape[1]]);
}

/**
 * The rows of each step. The split takes two rounds, because the WASM backend copies the whole input for
 * every part: splitting a chunk into 64 at once costs 64 copies of it, and in two rounds 16.
 */
export function rowsByStep(matrix: tf.Tensor2D, steps: number, streams: number): tf.Tensor2D[] {
  if (steps === 1) return [matrix];
  const together = Math.ceil(Math.sqrt(steps));
  const sizes = Array.from({ length: Math.ceil(steps / together) }, (_, i) =>
    Math.min(together, steps - i * together),
  );
  const split = (part: tf.Tensor2D, rows: number[]) =>
    rows.length === 1 ? [part] : (tf.split(part, rows, 0) as tf.Tensor2D[]);
  const parts = split(
    matrix,
    sizes.map((size) => size * streams),
  );
  return parts.flatMap((part, i) => split(part, new Array<number>(sizes[i]!).fill(streams)));
}

export function stack(rows: tf.Tensor2D[]): tf.Tensor2D {
  return rows.length === 1 ? rows[0]! : tf.concat2d(rows, 0);
}
