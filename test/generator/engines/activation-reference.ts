/**
 * Every activation in float64 as Keras's documentation defines it, with all its branches and without any code
 * of the sources.
 */
import type { ActivationName } from '../../../src/generator/model/activation-formulas.ts';

type Row = readonly number[];

const each =
  (f: (x: number) => number) =>
  (row: Row): number[] =>
    row.map(f);

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softplus = (x: number) => (x > 30 ? x : Math.log(Math.exp(x) + 1));
const elu = (x: number) => (x > 0 ? x : Math.exp(x) - 1);
const hardSigmoid3 = (x: number) => (x <= -3 ? 0 : x >= 3 ? 1 : x / 6 + 0.5);

/** Simpson's rule over 400 panels. */
function erf(x: number): number {
  const panels = 400;
  const width = x / panels;
  let sum = 0;
  for (let i = 0; i <= panels; i++) {
    const weight = i === 0 || i === panels ? 1 : i % 2 ? 4 : 2;
    sum += weight * Math.exp(-((i * width) ** 2));
  }
  return (2 / Math.sqrt(Math.PI)) * (width / 3) * sum;
}

function softmax(row: Row): number[] {
  const max = Math.max(...row);
  const weights = row.map((x) => Math.exp(x - max));
  const total = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / total);
}

/** By its support: the largest k for which 1 + k z_k is above the sum of the k largest. */
function sparsemax(row: Row): number[] {
  const sorted = row.toSorted((a, b) => b - a);
  const sumOf = (k: number) => sorted.slice(0, k).reduce((a, b) => a + b, 0);
  const support = sorted.filter((z, i) => 1 + (i + 1) * z > sumOf(i + 1)).length;
  const tau = (sumOf(support) - 1) / support;
  return row.map((x) => Math.max(x - tau, 0));
}

export const REFERENCE_ACTIVATIONS: Readonly<Record<ActivationName, (row: Row) => number[]>> = {
  linear: (row) => [...row],
  relu: each((x) => (x > 0 ? x : 0)),
  relu6: each((x) => (x < 0 ? 0 : x > 6 ? 6 : x)),
  leaky_relu: each((x) => (x > 0 ? x : 0.2 * x)),
  elu: each(elu),
  celu: each((x) => Math.max(0, x) + Math.min(0, Math.exp(x) - 1)),
  selu: each((x) => 1.05070098 * (x > 0 ? x : 1.67326324 * (Math.exp(x) - 1))),
  gelu: each((x) => 0.5 * x * (1 + erf(x / Math.SQRT2))),
  gelu_approximate: each((x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))),
  silu: each((x) => x * sigmoid(x)),
  hard_silu: each((x) => (x < -3 ? 0 : x > 3 ? x : (x * (x + 3)) / 6)),
  mish: each((x) => x * Math.tanh(softplus(x))),
  sigmoid: each(sigmoid),
  hard_sigmoid: each((x) => (x < -2.5 ? 0 : x > 2.5 ? 1 : 0.2 * x + 0.5)),
  hard_sigmoid_keras3: each(hardSigmoid3),
  log_sigmoid: each((x) => Math.log(sigmoid(x))),
  sparse_sigmoid: each((x) => (x <= -1 ? 0 : x >= 1 ? 1 : 0.5 * (x + 1))),
  tanh: each(Math.tanh),
  hard_tanh: each((x) => (x < -1 ? -1 : x > 1 ? 1 : x)),
  tanh_shrink: each((x) => x - Math.tanh(x)),
  hard_shrink: each((x) => (Math.abs(x) > 0.5 ? x : 0)),
  soft_shrink: each((x) => (x > 0.5 ? x - 0.5 : x < -0.5 ? x + 0.5 : 0)),
  softplus: each(softplus),
  sparse_plus: each((x) => (x <= -1 ? 0 : x >= 1 ? x : (x + 1) ** 2 / 4)),
  squareplus: each((x) => (x + Math.sqrt(x ** 2 + 4)) / 2),
  softsign: each((x) => x / (Math.abs(x) + 1)),
  exponential: each(Math.exp),
  softmax,
  log_softmax: (row) => softmax(row).map(Math.log),
  sparsemax,
  glu: (row) => row.slice(0, row.length / 2).map((x, i) => x * sigmoid(row[row.length / 2 + i]!)),
};
