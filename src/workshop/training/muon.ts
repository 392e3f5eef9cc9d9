/**
 * Muon (Jordan et al., 2024, https://kellerjordan.github.io/posts/muon/): the momentum of a matrix is replaced
 * by an orthogonal matrix near it, so that a step changes all directions equally. The size of the step and the
 * weight decay follow Liu et al. (2025, "Muon is scalable for LLM training"): with the factor
 * 0.2 sqrt(max(rows, columns)) a step has the root mean square of one of AdamW, whose rates therefore fit.
 *
 * It is for matrices between hidden units. The kernels of a recurrent layer hold one such matrix for each
 * gate, side by side, and each of them is made orthogonal alone.
 */
import * as tf from '@tensorflow/tfjs-core';
import { transpose } from './matrices.ts';

const MOMENTUM = 0.95;
const STEP_SCALE = 0.2;
/** Newton-Schulz iterations, and their polynomial's coefficients, by Jordan et al. */
const ITERATIONS = 5;
const [A, B, C] = [3.4445, -4.775, 2.0315] as const;
/** Keeps the largest singular value below one, and a matrix of zeros finite. */
const NORM_MARGIN = 1.01;
const NORM_LEAST = 1e-12;

/**
 * One step of Muon with Nesterov's momentum: b' = m b + (1 - m) g, and the update is made of m b' + (1 - m) g.
 *
 * @param gradient [rows, gates * columns]
 * @param momentum of the same shape; zeros at first
 * @param gates number of matrices side by side
 * @returns the direction to subtract from the weight, times the learning rate; and the next momentum
 */
export function muonStep(
  gradient: tf.Tensor2D,
  momentum: tf.Tensor2D,
  gates: number,
): { readonly direction: tf.Tensor2D; readonly momentum: tf.Tensor2D } {
  const lerp = (from: tf.Tensor, to: tf.Tensor, share: number): tf.Tensor2D =>
    tf.add(tf.mul(from, 1 - share), tf.mul(to, share));
  const next = lerp(gradient, momentum, MOMENTUM);
  const ahead = lerp(gradient, next, MOMENTUM);
  const [rows, all] = gradient.shape;
  const columns = all / gates;
  const matrices = tf.split(ahead, gates, 1) as tf.Tensor2D[];
  const size = STEP_SCALE * Math.sqrt(Math.max(rows, columns));
  const direction = tf.mul(tf.concat2d(matrices.map(orthogonalised), 1), size) as tf.Tensor2D;
  return { direction, momentum: next };
}

/**
 * A matrix near the orthogonal factor U V^T of a matrix U S V^T: Newton-Schulz iterations of fifth order,
 * x' = A x + B (x x^T) x + C (x x^T)^2 x, which bring every singular value near one (0.68 to 1.13).
 */
export function orthogonalised(matrix: tf.Tensor2D): tf.Tensor2D {
  // The product with itself is smaller on the shorter side.
  const isTall = matrix.shape[0] > matrix.shape[1];
  const wide = isTall ? transpose(matrix) : matrix;
  const norm = tf.sqrt(tf.sum(tf.square(wide)));
  let x = tf.div(wide, tf.add(tf.mul(norm, NORM_MARGIN), NORM_LEAST)) as tf.Tensor2D;
  for (let i = 0; i < ITERATIONS; i++) {
    const square = tf.matMul(x, transpose(x)) as tf.Tensor2D;
    const polynomial = tf.add(tf.mul(square, B), tf.mul(tf.matMul(square, square), C)) as tf.Tensor2D;
    x = tf.add(tf.mul(x, A), tf.matMul(polynomial, x));
  }
  return isTall ? transpose(x) : x;
}
