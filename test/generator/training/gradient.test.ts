/**
 * The gradients that are written out by hand, against differences of a loss that is computed in float64 from
 * the formulas alone, a number at a time.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { uniformAt } from '../../../src/generator/sampling.ts';
import type { CellName } from '../../../src/generator/training/cells.ts';
import { type Architecture, type Lesson, TrainableNetwork } from '../../../src/generator/training/network.ts';

const SIZE = 5;
const DIFFERENCE = 1e-5;

type Numbers = Map<string, Float64Array>;

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** x M for a row-major matrix of so many columns. */
function product(x: ArrayLike<number>, matrix: Float64Array, columns: number): number[] {
  return Array.from({ length: columns }, (_, column) => {
    let sum = 0;
    for (let i = 0; i < x.length; i++) sum += x[i]! * matrix[i * columns + column]!;
    return sum;
  });
}

/** The mean of -ln p of a lesson from fresh states, one stream and one step at a time. */
function reference({ cell, units, embedding }: Architecture, weights: Numbers, lesson: Lesson): number {
  let loss = 0;
  for (let stream = 0; stream < lesson.streams; stream++) {
    const fresh = () =>
      units.map((size) => ({ h: new Array<number>(size).fill(0), c: new Array<number>(size).fill(0) }));
    let states = fresh();
    for (let step = 0; step < lesson.steps; step++) {
      const row = step * lesson.streams + stream;
      if (lesson.fresh[row]) states = fresh();
      const table = weights.get('embedding/embeddings')!;
      const id = lesson.inputs[row]!;
      let x: number[] = [...table.subarray(id * embedding, (id + 1) * embedding)];
      units.forEach((size, layer) => {
        const name = `${cell}_${layer}`;
        const gates = cell === 'lstm' ? 4 : 3;
        const a = product(x, weights.get(`${name}/kernel`)!, gates * size);
        const u = product(states[layer]!.h, weights.get(`${name}/recurrent_kernel`)!, gates * size);
        const bias = weights.get(`${name}/bias`)!;
        const { h, c } = states[layer]!;
        const next = { h: [...h], c: [...c] };
        for (let k = 0; k < size; k++) {
          if (cell === 'lstm') {
            const z = (gate: number) => a[gate * size + k]! + u[gate * size + k]! + bias[gate * size + k]!;
            next.c[k] = sigmoid(z(1)) * c[k]! + sigmoid(z(0)) * Math.tanh(z(2));
            next.h[k] = sigmoid(z(3)) * Math.tanh(next.c[k]!);
          } else {
            const left = (gate: number) => a[gate * size + k]! + bias[gate * size + k]!;
            const right = (gate: number) => u[gate * size + k]! + bias[(3 + gate) * size + k]!;
            const z = sigmoid(left(0) + right(0));
            const r = sigmoid(left(1) + right(1));
            next.h[k] = z * h[k]! + (1 - z) * Math.tanh(left(2) + r * right(2));
          }
        }
        states[layer] = next;
        x = next.h;
      });
      const bias = weights.get('dense/bias')!;
      const logits = product(x, weights.get('dense/kernel')!, SIZE).map((logit, i) => logit + bias[i]!);
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
      loss += Math.log(total) - logits[lesson.targets[row]!]!;
    }
  }
  return loss / (lesson.steps * lesson.streams);
}

function lessonOf(steps: number, streams: number): Lesson {
  const rows = steps * streams;
  const draw = (attempt: number) =>
    Int32Array.from({ length: rows }, (_, i) => Math.floor(uniformAt(3, i, attempt) * SIZE));
  const fresh = new Uint8Array(rows);
  // In the middle of the lesson, for one of the streams.
  fresh[2 * streams + 1] = 1;
  return { steps, streams, inputs: draw(0), targets: draw(1), fresh };
}

describe('gradients', () => {
  before(() => tf.setBackend('wasm'));

  for (const cell of ['lstm', 'gru'] satisfies CellName[]) {
    it(`of a ${cell} of two layers are those of finite differences in float64`, () => {
      const architecture: Architecture = { cell, units: [4, 3], embedding: 3, dropout: 0 };
      const network = new TrainableNetwork(architecture, SIZE);
      const lesson = lessonOf(5, 3);
      // Rougher than training begins with: every gate is somewhere on its slope.
      const drawn = network.draw(11);
      const weights: Numbers = new Map();
      const tensors = new Map<string, tf.Tensor>();
      let position = 0;
      for (const [name, { shape, size }] of drawn) {
        const values = Float32Array.from({ length: size }, () => uniformAt(5, position++, 0) * 2 - 1);
        weights.set(name, Float64Array.from(values));
        tensors.set(name, tf.tensor(values, shape));
      }
      const { loss, gradients } = network.learn(tensors, lesson, network.freshStates(3), 0);
      const [given, expectedLoss] = [loss.dataSync()[0]!, reference(architecture, weights, lesson)];
      assert.ok(Math.abs(given - expectedLoss) < 1e-6 * expectedLoss, `${given}, ${expectedLoss}`);
      assert.deepEqual([...gradients.keys()].sort(), [...weights.keys()].sort());
      for (const [name, values] of weights) {
        const found = gradients.get(name)!.dataSync();
        const expected = values.map((value, i) => {
          values[i] = value + DIFFERENCE;
          const above = reference(architecture, weights, lesson);
          values[i] = value - DIFFERENCE;
          const below = reference(architecture, weights, lesson);
          values[i] = value;
          return (above - below) / (2 * DIFFERENCE);
        });
        const largest = Math.max(...expected.map(Math.abs));
        assert.ok(largest > 1e-4, `${name} matters`);
        expected.forEach((value, i) => {
          assert.ok(
            Math.abs(value - found[i]!) <= 2e-6 + 1e-4 * largest,
            `${name}[${i}]: ${found[i]}, ${value}`,
          );
        });
      }
    });
  }

  it('leave out the same outputs for the same seed, forwards and backwards', () => {
    const network = new TrainableNetwork({ cell: 'lstm', units: [8], embedding: 3, dropout: 0.5 }, SIZE);
    const weights = network.draw(1);
    const of = (seed: number) =>
      network
        .learn(weights, lessonOf(4, 3), network.freshStates(3), seed)
        .gradients.get('dense/kernel')!
        .dataSync();
    assert.deepEqual(of(1), of(1));
    assert.notDeepEqual(of(1), of(2));
    const whole = network.read(weights, lessonOf(4, 3), network.freshStates(3)).loss.dataSync();
    assert.deepEqual(network.read(weights, lessonOf(4, 3), network.freshStates(3)).loss.dataSync(), whole);
  });
});
