/**
 * Every activation that a Keras model can name, each defined once, over an arithmetic: the same formula
 * becomes float64 numbers, nodes of an ONNX graph, operations of TensorFlow.js and lines of a WebGPU program.
 * Other parameters have Keras's defaults. `threshold` is missing: its two parameters have no defaults, so no
 * file can name it.
 *
 * The formulas are Keras's, rearranged where that saves a choice between branches: elu(x) is max(x, 0) +
 * (exp(min(x, 0)) - 1), and so on.
 */

/** Operations on each number by itself. `T` is a row of numbers, or represents one. */
export interface PointwiseArithmetic<T> {
  add(a: T, b: T | number): T;
  subtract(a: T, b: T | number): T;
  multiply(a: T, b: T | number): T;
  divide(a: T, b: T | number): T;
  max(a: T, b: T | number): T;
  min(a: T, b: T | number): T;
  abs(x: T): T;
  exp(x: T): T;
  sqrt(x: T): T;
  tanh(x: T): T;
  /** 1 / (1 + exp(-x)) */
  sigmoid(x: T): T;
  /** ln(1 + exp(x)) */
  softplus(x: T): T;
  /** The error function: 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x. */
  erf(x: T): T;
  /** 1 where x is above the bound, otherwise 0. */
  above(x: T, bound: number): T;
}

/** These and operations on a whole row. */
export interface Arithmetic<T> extends PointwiseArithmetic<T> {
  softmax(x: T): T;
  logSoftmax(x: T): T;
  /** Sorts a row from its largest number to its smallest. */
  sortDescending(x: T): T;
  /** At each index the sum of the row up to it. */
  cumulativeSum(x: T): T;
  /** x, each element of a row divided by its index counted from 1: the first by 1, the second by 2, ... */
  divideByRank(x: T): T;
  /** The largest number of a row, to be combined with that row. */
  rowMax(x: T): T;
  /** The first and the second half of a row. */
  halves(x: T): readonly [T, T];
}

type Pointwise = <T>(of: PointwiseArithmetic<T>, x: T) => T;
type RowWise = <T>(of: Arithmetic<T>, x: T) => T;

/** Of Klambauer et al., "Self-normalizing neural networks" (2017). */
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;
const LEAKY_SLOPE = 0.2;
const SHRINK_THRESHOLD = 0.5;
const SQUAREPLUS_B = 4;

const relu6: Pointwise = (of, x) => of.min(of.max(x, 0), 6);
const clip = <T>(of: PointwiseArithmetic<T>, x: T, low: number, high: number): T =>
  of.min(of.max(x, low), high);
/** exp(x) - 1 below zero, and zero above. */
const exponentialBelowZero: Pointwise = (of, x) => of.subtract(of.exp(of.min(x, 0)), 1);
const elu: Pointwise = (of, x) => of.add(of.max(x, 0), exponentialBelowZero(of, x));
const hardSigmoidOfKeras3: Pointwise = (of, x) => of.divide(relu6(of, of.add(x, 3)), 6);
/** x, weighted with half of 1 + y */
const halfOf = <T>(of: PointwiseArithmetic<T>, x: T, y: T): T =>
  of.multiply(of.multiply(x, 0.5), of.add(y, 1));

/** Activations that compute each number from one number. */
export const POINTWISE_ACTIVATIONS = {
  linear: (_, x) => x,
  relu: (of, x) => of.max(x, 0),
  relu6,
  leaky_relu: (of, x) => of.max(x, of.multiply(x, LEAKY_SLOPE)),
  elu,
  /** With its alpha of 1 it is the same as elu. */
  celu: elu,
  selu: (of, x) =>
    of.multiply(of.add(of.max(x, 0), of.multiply(exponentialBelowZero(of, x), SELU_ALPHA)), SELU_SCALE),
  gelu: (of, x) => halfOf(of, x, of.erf(of.multiply(x, Math.SQRT1_2))),
  /** `gelu` with `approximate=True`. */
  gelu_approximate(of, x) {
    const cubic = of.add(x, of.multiply(of.multiply(of.multiply(x, x), x), 0.044715));
    return halfOf(of, x, of.tanh(of.multiply(cubic, Math.sqrt(2 / Math.PI))));
  },
  /** Also named swish. */
  silu: (of, x) => of.multiply(x, of.sigmoid(x)),
  /** Also named hard_swish. */
  hard_silu: (of, x) => of.multiply(x, hardSigmoidOfKeras3(of, x)),
  mish: (of, x) => of.multiply(x, of.tanh(of.softplus(x))),
  sigmoid: (of, x) => of.sigmoid(x),
  /** `hard_sigmoid` of Keras 1 and 2 and TensorFlow.js. */
  hard_sigmoid: (of, x) => clip(of, of.add(of.multiply(x, 0.2), 0.5), 0, 1),
  /** `hard_sigmoid` of Keras 3. */
  hard_sigmoid_keras3: hardSigmoidOfKeras3,
  log_sigmoid: (of, x) => of.multiply(of.softplus(of.multiply(x, -1)), -1),
  sparse_sigmoid: (of, x) => clip(of, of.multiply(of.add(x, 1), 0.5), 0, 1),
  tanh: (of, x) => of.tanh(x),
  hard_tanh: (of, x) => clip(of, x, -1, 1),
  tanh_shrink: (of, x) => of.subtract(x, of.tanh(x)),
  hard_shrink: (of, x) => of.multiply(x, of.above(of.abs(x), SHRINK_THRESHOLD)),
  soft_shrink: (of, x) =>
    of.add(of.max(of.subtract(x, SHRINK_THRESHOLD), 0), of.min(of.add(x, SHRINK_THRESHOLD), 0)),
  softplus: (of, x) => of.softplus(x),
  /** (x + 1)^2 / 4 between -1 and 1, zero below, x above. */
  sparse_plus(of, x) {
    const bent = clip(of, of.add(x, 1), 0, 2);
    return of.add(of.multiply(of.multiply(bent, bent), 0.25), of.max(of.subtract(x, 1), 0));
  },
  squareplus: (of, x) => of.multiply(of.add(x, of.sqrt(of.add(of.multiply(x, x), SQUAREPLUS_B))), 0.5),
  softsign: (of, x) => of.divide(x, of.add(of.abs(x), 1)),
  exponential: (of, x) => of.exp(x),
} satisfies Record<string, Pointwise>;

/** Activations that compute each number from a whole row. */
const ROW_WISE_ACTIVATIONS = {
  softmax: (of, x) => of.softmax(x),
  log_softmax: (of, x) => of.logSoftmax(x),
  /**
   * Martins and Astudillo, "From softmax to sparsemax" (2016): max(x - tau, 0) with the tau at which a row
   * sums to 1. With s the cumulative sums of the sorted row it is the largest (s_k - 1) / k, since that rises
   * as long as the next number belongs to the support, and never after.
   */
  sparsemax(of, x) {
    const sums = of.cumulativeSum(of.sortDescending(x));
    const tau = of.rowMax(of.divideByRank(of.subtract(sums, 1)));
    return of.max(of.subtract(x, tau), 0);
  },
  /** Dauphin et al. (2017): the output has half as many numbers as the input. */
  glu(of, x) {
    const [values, gates] = of.halves(x);
    return of.multiply(values, of.sigmoid(gates));
  },
} satisfies Record<string, RowWise>;

const ACTIVATIONS = { ...POINTWISE_ACTIVATIONS, ...ROW_WISE_ACTIVATIONS };

export type PointwiseActivationName = keyof typeof POINTWISE_ACTIVATIONS;

/**
 * Names of activations as Keras writes them. Two names are ambiguous: `hard_sigmoid` is clip(0.2 x + 0.5, 0,
 * 1), as in Keras 1 and 2 and TensorFlow.js, and `hard_sigmoid_keras3` is relu6(x + 3) / 6; `gelu` is the
 * exact one.
 */
export type ActivationName = keyof typeof ACTIVATIONS;

export const ACTIVATION_NAMES = Object.keys(ACTIVATIONS) as readonly ActivationName[];

/** Whether an activation computes each number from one number. */
export function isPointwise(name: ActivationName): name is PointwiseActivationName {
  return Object.hasOwn(POINTWISE_ACTIVATIONS, name);
}

/** Applies an activation to x, in an arithmetic. */
export function activate<T>(of: Arithmetic<T>, name: ActivationName, x: T): T {
  const activation: RowWise = ACTIVATIONS[name];
  return activation(of, x);
}
