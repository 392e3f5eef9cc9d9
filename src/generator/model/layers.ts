/**
 * The layers that a model can have, in Keras's terms and with Keras's layout of weights: matrices are
 * row-major float32, inputs multiply from the left, gates are concatenated in Keras's order.
 */
import type { ActivationName } from './activation-formulas.ts';

export { ACTIVATION_NAMES, type ActivationName } from './activation-formulas.ts';

export type Layer =
  | EmbeddingLayer
  | OneHotLayer
  | RecurrentLayer
  | BidirectionalLayer
  | BatchNormalizationLayer
  | DenseLayer
  | ActivationLayer;

/**
 * With `residual`, the layer's output is x + h' instead of h' (He et al., 2016); its state is not changed by
 * that, and `units` is `inputSize`. Neither the first recurrent layer nor a half of a bidirectional one is
 * residual.
 */
export type RecurrentLayer = LstmLayer | GruLayer;

/** Maps an id to row `id` of the matrix. */
export interface EmbeddingLayer {
  readonly kind: 'embedding';
  /** One for each id of the vocabulary. */
  readonly rows: number;
  readonly columns: number;
  /** [rows, columns] */
  readonly matrix: Float32Array;
}

/** Maps an id to a vector of `size` zeros with a one at the id. */
export interface OneHotLayer {
  readonly kind: 'one_hot';
  readonly size: number;
}

/**
 * z = x kernel + h recurrentKernel + bias; i, f, g, o = the quarters of z; with r the recurrent activation
 * and a the activation: c' = r(f) c + r(i) a(g), h' = r(o) a(c').
 */
export interface LstmLayer {
  readonly kind: 'lstm';
  readonly units: number;
  readonly inputSize: number;
  readonly activation: ActivationName;
  readonly recurrentActivation: ActivationName;
  /** [inputSize, 4 * units] */
  readonly kernel: Float32Array;
  /** [units, 4 * units] */
  readonly recurrentKernel: Float32Array;
  /** [4 * units]; zeros where Keras has none. */
  readonly bias: Float32Array;
  readonly residual?: true;
}

/**
 * Gates in the order update, reset, candidate: with a = x kernel + bias[0] and u = h recurrentKernel +
 * bias[1] in thirds, z = r(a_z + u_z), s = r(a_r + u_r); h' = z h + (1 - z) n, where n = act(a_n + s u_n)
 * with `resetAfter`, and n = act(a_n + (s h) recurrentKernel_n) without.
 */
export interface GruLayer {
  readonly kind: 'gru';
  readonly units: number;
  readonly inputSize: number;
  readonly activation: ActivationName;
  readonly recurrentActivation: ActivationName;
  readonly resetAfter: boolean;
  /** [inputSize, 3 * units] */
  readonly kernel: Float32Array;
  /** [units, 3 * units] */
  readonly recurrentKernel: Float32Array;
  /** [2, 3 * units] with `resetAfter`, otherwise [3 * units]; zeros where Keras has none. */
  readonly bias: Float32Array;
  readonly residual?: true;
}

/**
 * One layer that reads forwards and one that reads backwards over a window, and how their outputs are merged.
 */
export interface BidirectionalLayer {
  readonly kind: 'bidirectional';
  readonly forward: RecurrentLayer;
  readonly backward: RecurrentLayer;
  readonly merge: 'concat' | 'sum' | 'mul' | 'ave';
}

/** Batch normalization in inference: y = (x - mean) / sqrt(variance + epsilon) gamma + beta, each [size]. */
export interface BatchNormalizationLayer {
  readonly kind: 'batch_normalization';
  readonly size: number;
  readonly epsilon: number;
  readonly gamma: Float32Array;
  readonly beta: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

/** activation(x kernel + bias), alike at every step. */
export interface DenseLayer {
  readonly kind: 'dense';
  readonly units: number;
  readonly inputSize: number;
  readonly activation: ActivationName;
  /** [inputSize, units] */
  readonly kernel: Float32Array;
  /** [units]; zeros where Keras has none. */
  readonly bias: Float32Array;
}

export interface ActivationLayer {
  readonly kind: 'activation';
  readonly activation: ActivationName;
}

/** Number of outputs of a layer for each id, given the number of its inputs. */
export function outputSize(layer: Layer, inputSize: number): number {
  switch (layer.kind) {
    case 'embedding':
      return layer.columns;
    case 'one_hot':
    case 'batch_normalization':
      return layer.size;
    case 'lstm':
    case 'gru':
      return layer.units;
    case 'bidirectional':
      return layer.merge === 'concat' ? layer.forward.units + layer.backward.units : layer.forward.units;
    case 'dense':
      return activatedSize(layer.activation, layer.units);
    case 'activation':
      return activatedSize(layer.activation, inputSize);
  }
}

/**
 * A gated linear unit multiplies one half of its inputs with a sigmoid of the other; no other activation
 * changes the size.
 */
function activatedSize(activation: ActivationName, size: number): number {
  return activation === 'glu' ? size / 2 : size;
}

/** All the weights of a layer, in the order in which Keras lists them. */
export function weightsOf(layer: Layer): Float32Array[] {
  switch (layer.kind) {
    case 'embedding':
      return [layer.matrix];
    case 'lstm':
    case 'gru':
      return [layer.kernel, layer.recurrentKernel, layer.bias];
    case 'bidirectional':
      return [...weightsOf(layer.forward), ...weightsOf(layer.backward)];
    case 'batch_normalization':
      return [layer.gamma, layer.beta, layer.mean, layer.variance];
    case 'dense':
      return [layer.kernel, layer.bias];
    case 'one_hot':
    case 'activation':
      return [];
  }
}

/** Whether all weights are finite numbers: a loop, because millions of calls of `Number.isFinite` take noticeable time. */
export function areFinite(weights: Float32Array): boolean {
  for (let i = 0; i < weights.length; i++) if (!(Math.abs(weights[i]!) < Infinity)) return false;
  return true;
}

/** Number of states that a recurrent layer carries: its hidden state and, of an LSTM, its cell. */
export function stateCount({ kind }: RecurrentLayer): number {
  return kind === 'lstm' ? 2 : 1;
}
