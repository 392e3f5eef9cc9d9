/**
 * The stages of a network: unidirectional or bidirectional recurrent layers, batch normalisation, dropout.
 * Each takes the rows of a chunk, returns rows, and has a backward pass.
 */
import * as tf from '@tensorflow/tfjs-core';
import { CELLS, type CellName, type CellState, type CellWeights, type Chunk } from './cells.ts';
import { sumOfRows } from './matrices.ts';

/** Weights by name, with the names of `TrainableNetwork`. */
export type Weights = ReadonlyMap<string, tf.Tensor>;

/** The result of a stage's forward pass. */
export interface Stage {
  /** [steps * streams, columns] */
  readonly outputs: tf.Tensor2D;
  /**
   * @param gradient of the loss with respect to the outputs
   * @returns the gradients with respect to the inputs and the stage's weights
   */
  backward(gradient: tf.Tensor2D): { readonly inputs: tf.Tensor2D; readonly weights: Weights };
}

/** The weights of one recurrent layer. */
export type RecurrentNames = readonly [kernel: string, recurrent: string, bias: string];

export function recurrentNames(layer: string): RecurrentNames {
  return [`${layer}/kernel`, `${layer}/recurrent_kernel`, `${layer}/bias`];
}

/** A recurrent layer that reads forwards, and its state after the chunk. */
export function recurrent(
  cell: CellName,
  names: RecurrentNames,
  weights: Weights,
  inputs: tf.Tensor2D,
  state: CellState,
  chunk: Chunk,
): Stage & { readonly state: CellState } {
  const given = names.map((name) => weights.get(name)!) as unknown as CellWeights;
  const passed = CELLS[cell].forward(given, inputs, state, chunk);
  return {
    outputs: passed.outputs,
    state: passed.state,
    backward(gradient) {
      const back = passed.backward(gradient);
      return { inputs: back.inputs, weights: new Map(names.map((name, i) => [name, back.weights[i]!])) };
    },
  };
}

/**
 * A bidirectional layer (Schuster and Paliwal, 1997): one recurrent layer reads the chunk as a window
 * forwards, another one backwards, both from fresh states; their outputs are concatenated.
 *
 * @param names weight names of the forward and of the backward layer
 */
export function bothWays(
  cell: CellName,
  names: readonly [RecurrentNames, RecurrentNames],
  weights: Weights,
  inputs: tf.Tensor2D,
  { steps, streams }: Chunk,
): Stage {
  const window: Chunk = { steps, streams, keep: new Array(steps).fill(undefined) };
  const turned = (matrix: tf.Tensor2D): tf.Tensor2D =>
    tf.reshape(tf.reverse(tf.reshape(matrix, [steps, streams, matrix.shape[1]]), 0), matrix.shape);
  const fresh = (half: RecurrentNames): CellState => {
    const units = weights.get(half[1])!.shape[0]!;
    return Array.from({ length: CELLS[cell].states }, () => tf.zeros([streams, units]) as tf.Tensor2D);
  };
  const [left, right] = names;
  const fromLeft = recurrent(cell, left, weights, inputs, fresh(left), window);
  const fromRight = recurrent(cell, right, weights, turned(inputs), fresh(right), window);
  return {
    outputs: tf.concat2d([fromLeft.outputs, turned(fromRight.outputs)], 1),
    backward(gradient) {
      const [forLeft, forRight] = tf.split(gradient, 2, 1) as [tf.Tensor2D, tf.Tensor2D];
      const backLeft = fromLeft.backward(forLeft);
      const backRight = fromRight.backward(turned(forRight));
      return {
        inputs: tf.add(backLeft.inputs, turned(backRight.inputs)),
        weights: new Map([...backLeft.weights, ...backRight.weights]),
      };
    },
  };
}

/** A branch of stages whose input is added to its output (He et al., 2016). */
export function sumWithInput(inputs: tf.Tensor2D, branch: readonly Stage[]): Stage {
  return {
    outputs: tf.add(inputs, branch.at(-1)!.outputs),
    backward(gradient) {
      const weights = new Map<string, tf.Tensor>();
      let inBranch = gradient;
      for (const stage of branch.toReversed()) {
        const back = stage.backward(inBranch);
        for (const [name, found] of back.weights) weights.set(name, found);
        inBranch = back.inputs;
      }
      return { inputs: tf.add(gradient, inBranch), weights };
    },
  };
}

/** Added to a variance before the square root: Keras's default. */
export const BATCH_NORMALIZATION_EPSILON = 1e-3;
/** Momentum of the moving mean and variance: Keras's default. */
const MOMENTUM = 0.99;

export function batchNormalizationNames(layer: string) {
  return {
    gamma: `${layer}/gamma`,
    beta: `${layer}/beta`,
    mean: `${layer}/moving_mean`,
    variance: `${layer}/moving_variance`,
  } as const;
}

/**
 * Batch normalisation (Ioffe and Szegedy, 2015): y = (x - mean) / sqrt(variance + epsilon) gamma + beta, by
 * column.
 *
 * @param isLearning uses mean and variance over the chunk's rows; otherwise the moving ones
 * @returns with `moved`, the moving averages after this chunk, when it is learning
 */
export function batchNormalization(
  layer: string,
  weights: Weights,
  inputs: tf.Tensor2D,
  isLearning: boolean,
): Stage & { readonly moved: Weights } {
  const names = batchNormalizationNames(layer);
  const [gamma, beta] = [weights.get(names.gamma)!, weights.get(names.beta)!];
  const [movingMean, movingVariance] = [weights.get(names.mean)!, weights.get(names.variance)!];
  const meanOfRows = (matrix: tf.Tensor2D) => tf.div(sumOfRows(matrix), matrix.shape[0]);
  const mean = isLearning ? meanOfRows(inputs) : movingMean;
  const centred = tf.sub(inputs, mean) as tf.Tensor2D;
  const variance = isLearning ? meanOfRows(tf.square(centred)) : movingVariance;
  const scale = tf.rsqrt(tf.add(variance, BATCH_NORMALIZATION_EPSILON));
  const normal = tf.mul(centred, scale) as tf.Tensor2D;
  const moved = (moving: tf.Tensor, fresh: tf.Tensor) =>
    tf.add(tf.mul(moving, MOMENTUM), tf.mul(fresh, 1 - MOMENTUM));
  return {
    outputs: tf.add(tf.mul(normal, gamma), beta),
    moved: isLearning
      ? new Map([
          [names.mean, moved(movingMean, mean)],
          [names.variance, moved(movingVariance, variance)],
        ])
      : new Map(),
    backward(gradient) {
      // Mean and variance depend on every row, so the gradient's component that all rows share is subtracted.
      const common = meanOfRows(gradient);
      const alongNormal = meanOfRows(tf.mul(gradient, normal));
      const left = tf.sub(tf.sub(gradient, common), tf.mul(normal, alongNormal));
      const rows = inputs.shape[0];
      return {
        inputs: tf.mul(left, tf.mul(gamma, scale)) as tf.Tensor2D,
        weights: new Map([
          [names.gamma, tf.mul(alongNormal, rows)],
          [names.beta, tf.mul(common, rows)],
        ]),
      };
    },
  };
}

/**
 * Inverted dropout (Srivastava et al., 2014): drops inputs and scales the rest so that the mean stays the
 * same.
 *
 * @param share of the inputs that is dropped
 * @param seed selects the dropped inputs
 */
export function dropout(share: number, seed: number, inputs: tf.Tensor2D): Stage {
  const uniforms = tf.randomUniform(inputs.shape, 0, 1, 'float32', seed);
  const mask = tf.div(tf.cast(tf.greaterEqual(uniforms, share), 'float32'), 1 - share);
  return {
    outputs: tf.mul(inputs, mask),
    backward: (gradient) => ({ inputs: tf.mul(gradient, mask), weights: new Map() }),
  };
}
