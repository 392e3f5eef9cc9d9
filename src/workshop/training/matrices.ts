/** Matrices whose rows are the steps and streams of a chunk, multiplied, cut up and put together again. */
import * as tf from '@tensorflow/tfjs-core';

export function multiply(a: tf.Tensor2D, b: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor2D {
  return tf.fused.matMul({ a, b, bias }) as tf.Tensor2D;
}

/** Transposed in memory: the WASM backend multiplies what is stored the other way round a step at a time. */
export function transpose(matrix: tf.Tensor2D): tf.Tensor2D {
  return tf.transpose(matrix);
}

/** The sum over all rows. As a product: the WASM backend would transpose the matrix first. */
export function sumOfRows(matrix: tf.Tensor2D): tf.Tensor1D {
  return tf.reshape(tf.matMul(tf.ones([1, matrix.shape[0]]), matrix), [matrix.shape[1]]);
}

/**
 * The rows of each step. In two rounds: the WASM backend copies all of what it splits for every part, so that
 * splitting a chunk into 64 at once costs 64 copies of it, and in two rounds 16.
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
