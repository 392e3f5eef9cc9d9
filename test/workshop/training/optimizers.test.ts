/** Compares the optimizers on tensors with their formulas on numbers. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { uniformAt } from '../../../src/generator/sampler.ts';
import { orthogonalised } from '../../../src/workshop/training/muon.ts';
import {
  descend,
  OPTIMIZERS,
  type OptimizerName,
  type Slots,
} from '../../../src/workshop/training/optimizers.ts';

const RATE = 0.05;

/** The path of one weight with the gradient `gradientAt`, from the papers' formulas in float64. */
const REFERENCE: Record<OptimizerName, (steps: number, gradientAt: (w: number) => number) => number> = {
  sgd(steps, gradientAt) {
    let [w, v] = [1, 0];
    for (let t = 0; t < steps; t++) {
      v = 0.9 * v - RATE * gradientAt(w);
      w += v;
    }
    return w;
  },
  rmsprop(steps, gradientAt) {
    let [w, s] = [1, 0];
    for (let t = 0; t < steps; t++) {
      const g = gradientAt(w);
      s = 0.9 * s + 0.1 * g * g;
      w -= (RATE * g) / (Math.sqrt(s) + 1e-7);
    }
    return w;
  },
  adadelta(steps, gradientAt) {
    let [w, s, d] = [1, 0, 0];
    for (let t = 0; t < steps; t++) {
      const g = gradientAt(w);
      s = 0.95 * s + 0.05 * g * g;
      const step = (Math.sqrt(d + 1e-7) / Math.sqrt(s + 1e-7)) * g;
      d = 0.95 * d + 0.05 * step * step;
      w -= RATE * step;
    }
    return w;
  },
  adam(steps, gradientAt) {
    let [w, m, v] = [1, 0, 0];
    for (let t = 1; t <= steps; t++) {
      const g = gradientAt(w);
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      w -= (RATE * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-7);
    }
    return w;
  },
  adamw: adamwPath,
  // For what is no matrix between hidden units.
  muon: adamwPath,
};

/** @param decay share of the weight that a step takes away, times the rate; 0 for what is no matrix */
function adamwPath(steps: number, gradientAt: (w: number) => number, decay = 0): number {
  let [w, m, v] = [1, 0, 0];
  for (let t = 1; t <= steps; t++) {
    const g = gradientAt(w);
    m = 0.9 * m + 0.1 * g;
    v = 0.99 * v + 0.01 * g * g;
    w *= 1 - RATE * decay;
    w -= (RATE * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.99 ** t)) + 1e-8);
  }
  return w;
}

type Matrix = number[][];

const multiplied = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)));
const transposed = (a: Matrix): Matrix => a[0]!.map((_, j) => a.map((row) => row[j]!));
const combined = (...terms: [number, Matrix][]): Matrix =>
  terms[0]![1].map((row, i) => row.map((_, j) => terms.reduce((sum, [c, m]) => sum + c * m[i]![j]!, 0)));

/** Five Newton-Schulz iterations on one matrix, as Jordan et al. (2024) define them, always on x x^T. */
function newtonSchulz(matrix: Matrix): Matrix {
  const norm = Math.sqrt(matrix.flat().reduce((sum, value) => sum + value * value, 0));
  let x = combined([1 / (1.01 * norm), matrix]);
  for (let i = 0; i < 5; i++) {
    const square = multiplied(x, transposed(x));
    const cubed = multiplied(square, x);
    x = combined([3.4445, x], [-4.775, cubed], [2.0315, multiplied(square, cubed)]);
  }
  return x;
}

/** Noise between minus and plus one. */
function noise(seed: number, rows: number, columns: number): Matrix {
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (_, j) => uniformAt(seed, i * columns + j, 0) * 2 - 1),
  );
}

const tensorOf = (matrix: Matrix) => tf.tensor2d(matrix);

describe('optimizers', () => {
  before(() => tf.setBackend('wasm'));
  const gradientAt = (w: number) => 2 * w + 0.3;

  for (const name of OPTIMIZERS) {
    it(`${name} takes the steps of its formula`, () => {
      let weights: ReadonlyMap<string, tf.Tensor> = new Map([['w', tf.tensor1d([1])]]);
      let slots: Slots = new Map();
      for (let step = 1; step <= 20; step++) {
        const gradients = new Map([['w', tf.tensor1d([gradientAt(weights.get('w')!.dataSync()[0]!)])]]);
        const optimizer = { name, learningRate: RATE };
        ({ weights, slots } = descend(weights, gradients, slots, { optimizer, clip: 0, step }));
      }
      const found = weights.get('w')!.dataSync()[0]!;
      const expected = REFERENCE[name](20, gradientAt);
      assert.ok(Math.abs(found - expected) < 2e-5, `${found}, expected ${expected}`);
      assert.notEqual(expected, 1);
    });
  }

  for (const [shape, rows, columns] of [
    ['wide', 3, 5],
    ['tall', 5, 3],
    ['square', 4, 4],
  ] as const) {
    it(`muon takes the steps of its definition with the ${shape} matrix of each gate`, () => {
      const gates = 4;
      let [expected, momentum] = [noise(1, rows, gates * columns), noise(1, rows, gates * columns)];
      momentum = combined([0, momentum]);
      let weights: ReadonlyMap<string, tf.Tensor> = new Map([['w', tensorOf(expected)]]);
      let slots: Slots = new Map();
      const optimizer = { name: 'muon', learningRate: RATE } as const;
      for (let step = 1; step <= 4; step++) {
        const gradient = noise(step + 1, rows, gates * columns);
        momentum = combined([0.95, momentum], [0.05, gradient]);
        const ahead = combined([0.95, momentum], [0.05, gradient]);
        const blocks = Array.from({ length: gates }, (_, gate) =>
          newtonSchulz(ahead.map((row) => row.slice(gate * columns, (gate + 1) * columns))),
        );
        const update = ahead.map((_, i) => blocks.flatMap((block) => block[i]!));
        const size = RATE * 0.2 * Math.sqrt(Math.max(rows, columns));
        expected = combined([1 - RATE * 0.01, expected], [-size, update]);
        const options = { optimizer, clip: 0, step, gates: new Map([['w', gates]]) };
        ({ weights, slots } = descend(weights, new Map([['w', tensorOf(gradient)]]), slots, options));
      }
      const found = weights.get('w')!.dataSync();
      expected.flat().forEach((value, i) => {
        assert.ok(Math.abs(value - found[i]!) < 2e-5, `${i}: ${found[i]}, expected ${value}`);
      });
      assert.deepEqual([...slots.keys()], ['w/momentum']);
    });
  }

  it('muon brings every singular value near one', () => {
    const matrix = noise(9, 6, 9);
    const rows = orthogonalised(tensorOf(matrix)).arraySync();
    // The trace of a power of x x^T is the sum of the singular values to twice that power.
    const square = multiplied(rows, transposed(rows));
    const sumOf = (m: Matrix) => m.reduce((sum, row, i) => sum + row[i]!, 0);
    const [second, fourth] = [sumOf(square) / 6, sumOf(multiplied(square, square)) / 6];
    assert.ok(second > 0.68 ** 2 && second < 1.13 ** 2, `${second}`);
    // The variance of numbers within bounds is at most the square of half their distance.
    const bound = ((1.13 ** 2 - 0.68 ** 2) / 2) ** 2;
    assert.ok(fourth - second ** 2 < bound, `spread ${fourth - second ** 2}`);
  });

  it('adamw takes a share of every matrix away, and nothing of a bias', () => {
    const optimizer = { name: 'adamw', learningRate: RATE } as const;
    let weights: ReadonlyMap<string, tf.Tensor> = new Map<string, tf.Tensor>([
      ['matrix', tf.tensor2d([[1]])],
      ['bias', tf.tensor1d([1])],
    ]);
    let slots: Slots = new Map();
    for (let step = 1; step <= 20; step++) {
      const gradients = new Map(
        [...weights].map(([name, { shape }]) => [
          name,
          tf.tensor([gradientAt(weights.get(name)!.dataSync()[0]!)], shape),
        ]),
      );
      ({ weights, slots } = descend(weights, gradients, slots, { optimizer, clip: 0, step }));
    }
    const found = ['matrix', 'bias'].map((name) => weights.get(name)!.dataSync()[0]!);
    const expected = [adamwPath(20, gradientAt, 0.01), adamwPath(20, gradientAt)];
    found.forEach((value, i) => {
      assert.ok(Math.abs(value - expected[i]!) < 2e-5, `${found}, ${expected}`);
    });
    assert.ok(Math.abs(expected[0]! - expected[1]!) > 1e-3);
  });

  it('clip a gradient whose norm over all weights is too large, and leave a smaller one unchanged', () => {
    const weights = new Map([
      ['a', tf.tensor1d([0])],
      ['b', tf.tensor1d([0])],
    ]);
    const change = (a: number, b: number) => {
      const gradients = new Map([
        ['a', tf.tensor1d([a])],
        ['b', tf.tensor1d([b])],
      ]);
      const optimizer = { name: 'sgd', learningRate: 1 } as const;
      const next = descend(weights, gradients, new Map(), { optimizer, clip: 1, step: 1 });
      return [...next.weights.values()].map((tensor) => tensor.dataSync()[0]!);
    };
    const close = (found: number[], expected: number[]) => {
      for (const [i, value] of found.entries()) assert.ok(Math.abs(value - expected[i]!) < 1e-5, `${found}`);
    };
    close(change(30, 40), [-0.6, -0.8]);
    close(change(0.3, 0.4), [-0.3, -0.4]);
  });
});
