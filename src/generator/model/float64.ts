/** The layers without state in float64, for values that are computed once and not at every step. */
import { type Arithmetic, activate } from './activation-formulas.ts';
import type { DenseLayer, Layer } from './layers.ts';

/** Layers without state: they map a row of numbers to a row of numbers. */
export type RowLayer = Extract<Layer, { kind: 'batch_normalization' | 'dense' | 'activation' }>;

export function isRowLayer(layer: Layer): layer is RowLayer {
  return layer.kind === 'dense' || layer.kind === 'activation' || layer.kind === 'batch_normalization';
}

const zip = (a: Float64Array, b: Float64Array | number, f: (x: number, y: number) => number): Float64Array =>
  a.map((x, i) => f(x, typeof b === 'number' ? b : b[b.length === 1 ? 0 : i]!));

/** Not `Math.max(...x)`, which takes no more arguments than the stack holds. */
const largest = (x: Float64Array) => x.reduce((a, b) => Math.max(a, b), -Infinity);

export const FLOAT64: Arithmetic<Float64Array> = {
  add: (a, b) => zip(a, b, (x, y) => x + y),
  subtract: (a, b) => zip(a, b, (x, y) => x - y),
  multiply: (a, b) => zip(a, b, (x, y) => x * y),
  divide: (a, b) => zip(a, b, (x, y) => x / y),
  max: (a, b) => zip(a, b, Math.max),
  min: (a, b) => zip(a, b, Math.min),
  abs: (x) => x.map(Math.abs),
  exp: (x) => x.map(Math.exp),
  sqrt: (x) => x.map(Math.sqrt),
  tanh: (x) => x.map(Math.tanh),
  sigmoid: (x) => x.map((value) => 1 / (1 + Math.exp(-value))),
  softplus: (x) => x.map((value) => Math.max(value, 0) + Math.log1p(Math.exp(-Math.abs(value)))),
  erf: (x) => x.map(erf),
  above: (x, bound) => x.map((value) => (value > bound ? 1 : 0)),
  softmax(x) {
    const max = largest(x);
    const weights = x.map((value) => Math.exp(value - max));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight) => weight / total);
  },
  logSoftmax(x) {
    const max = largest(x);
    const total = x.reduce((sum, value) => sum + Math.exp(value - max), 0);
    return x.map((value) => value - max - Math.log(total));
  },
  sortDescending: (x) => Float64Array.from(x).sort().reverse(),
  cumulativeSum(x) {
    let sum = 0;
    return x.map((value) => (sum += value));
  },
  divideByRank: (x) => x.map((value, i) => value / (i + 1)),
  rowMax: (x) => Float64Array.of(largest(x)),
  halves: (x) => [x.slice(0, x.length / 2), x.slice(x.length / 2)],
};

/** From here on erf is 1 in float64. */
const ERF_SATURATES_AT = 6;

/**
 * 2 / sqrt(pi) exp(-x^2) times the sum of 2^n x^(2n+1) / (1 * 3 * ... * (2n+1)), whose terms have one sign.
 */
function erf(x: number): number {
  if (Math.abs(x) >= ERF_SATURATES_AT) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > Math.abs(sum) * Number.EPSILON; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** Applies a layer to a row. */
export function applyRowLayer(layer: RowLayer, x: Float64Array): Float64Array {
  switch (layer.kind) {
    case 'dense':
      return activate(FLOAT64, layer.activation, affine(x, layer));
    case 'activation':
      return activate(FLOAT64, layer.activation, x);
    case 'batch_normalization': {
      const { scale, shift } = scaleAndShift(layer);
      return x.map((value, i) => value * scale[i]! + shift[i]!);
    }
  }
}

/** x kernel + bias, the bias first. */
export function affine(
  x: ArrayLike<number>,
  { kernel, bias }: Pick<DenseLayer, 'kernel' | 'bias'>,
): Float64Array {
  const sums = Float64Array.from(bias);
  for (let row = 0; row < x.length; row++) {
    const value = x[row]!;
    // Most elements of a one-hot vector are zero.
    if (value === 0) continue;
    const from = row * sums.length;
    for (let column = 0; column < sums.length; column++) sums[column]! += value * kernel[from + column]!;
  }
  return sums;
}

/** A batch normalization as x scale + shift. */
export function scaleAndShift(layer: Extract<Layer, { kind: 'batch_normalization' }>): {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
} {
  const { gamma, beta, mean, variance, epsilon } = layer;
  const scale = Float64Array.from(gamma, (value, i) => value / Math.sqrt(variance[i]! + epsilon));
  return { scale, shift: Float64Array.from(beta, (value, i) => value - mean[i]! * scale[i]!) };
}
