/** Compares the optimizers on tensors with their formulas on numbers. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
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
};

describe('optimizers', () => {
  before(() => tf.setBackend('wasm'));
  const gradientAt = (w: number) => 2 * w + 0.3;

  for (const name of OPTIMIZERS) {
    it(`${name} takes the steps of its formula`, () => {
      let weights: ReadonlyMap<string, tf.Tensor> = new Map([['w', tf.tensor1d([1])]]);
      let slots: Slots = new Map();
      for (let step = 1; step <= 20; step++) {
        const gradients = new Map([['w', tf.tensor1d([gradientAt(weights.get('w')!.dataSync()[0]!)])]]);
        ({ weights, slots } = descend(weights, gradients, slots, { name, learningRate: RATE }, 0, step));
      }
      const found = weights.get('w')!.dataSync()[0]!;
      const expected = REFERENCE[name](20, gradientAt);
      assert.ok(Math.abs(found - expected) < 2e-5, `${found}, expected ${expected}`);
      assert.notEqual(expected, 1);
    });
  }

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
      const next = descend(weights, gradients, new Map(), { name: 'sgd', learningRate: 1 }, 1, 1);
      return [...next.weights.values()].map((tensor) => tensor.dataSync()[0]!);
    };
    const close = (found: number[], expected: number[]) => {
      for (const [i, value] of found.entries()) assert.ok(Math.abs(value - expected[i]!) < 1e-5, `${found}`);
    };
    close(change(30, 40), [-0.6, -0.8]);
    close(change(0.3, 0.4), [-0.3, -0.4]);
  });
});
