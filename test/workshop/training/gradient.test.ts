/**
 * Compares the hand-written gradients with finite differences of a loss that a scalar implementation of the
 * formulas computes in float64.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { uniformAt } from '../../../src/generator/sampler.ts';
import type { CellName } from '../../../src/workshop/training/cells.ts';
import {
  type Architecture,
  TrainableNetwork,
  type TrainingBatch,
} from '../../../src/workshop/training/network.ts';
import type { Weights } from '../../../src/workshop/training/stages.ts';

const SIZE = 5;
const DIFFERENCE = 1e-5;

type Numbers = Map<string, Float64Array>;

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** x M for a row-major matrix with this many columns. */
function product(x: ArrayLike<number>, matrix: Float64Array, columns: number): number[] {
  return Array.from({ length: columns }, (_, column) => {
    let sum = 0;
    for (let i = 0; i < x.length; i++) sum += x[i]! * matrix[i * columns + column]!;
    return sum;
  });
}

interface State {
  readonly h: readonly number[];
  readonly c: readonly number[];
}

/** One step of one cell for one stream. */
function cellStep(
  cell: CellName,
  name: string,
  weights: Numbers,
  x: readonly number[],
  { h, c }: State,
): State {
  const size = h.length;
  const gates = cell === 'lstm' ? 4 : 3;
  const a = product(x, weights.get(`${name}/kernel`)!, gates * size);
  const u = product(h, weights.get(`${name}/recurrent_kernel`)!, gates * size);
  const bias = weights.get(`${name}/bias`)!;
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
  return next;
}

/** The outputs of a recurrent layer for one stream's inputs, step by step; `fresh` steps begin with zeros. */
function cellRun(
  cell: CellName,
  name: string,
  weights: Numbers,
  inputs: readonly number[][],
  size: number,
  fresh: (step: number) => boolean,
): number[][] {
  const zeros = new Array<number>(size).fill(0);
  let state: State = { h: zeros, c: zeros };
  return inputs.map((x, step) => {
    if (fresh(step)) state = { h: zeros, c: zeros };
    state = cellStep(cell, name, weights, x, state);
    return [...state.h];
  });
}

/** By column, over all rows of all streams. */
function normalised(rows: readonly number[][], weights: Numbers): number[][] {
  const [gamma, beta] = ['gamma', 'beta'].map((name) => weights.get(`batch_normalization/${name}`)!);
  const columns = rows[0]!.map((_, k) => {
    const column = rows.map((row) => row[k]!);
    const mean = column.reduce((sum, x) => sum + x, 0) / rows.length;
    const variance = column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / rows.length;
    return { mean, scale: 1 / Math.sqrt(variance + 1e-3) };
  });
  return rows.map((row) =>
    row.map((x, k) => (x - columns[k]!.mean) * columns[k]!.scale * gamma![k]! + beta![k]!),
  );
}

/** The mean of -ln p of a training batch from fresh states, one number at a time. */
function reference(architecture: Architecture, weights: Numbers, lesson: TrainingBatch): number {
  const { cell, units, embedding, bidirectional, batchNormalization, residual } = architecture;
  const table = weights.get('embedding/embeddings')!;
  const steps = Array.from({ length: lesson.steps }, (_, step) => step);
  const rowAt = (step: number, stream: number) => step * lesson.streams + stream;
  const outputs: number[][] = new Array(lesson.steps * lesson.streams);
  for (let stream = 0; stream < lesson.streams; stream++) {
    let signal = steps.map((step) => {
      const id = lesson.inputs[rowAt(step, stream)]!;
      return [...table.subarray(id * embedding, (id + 1) * embedding)];
    });
    units.forEach((size, layer) => {
      if (bidirectional) {
        const never = () => false;
        const left = cellRun(cell, `forward_${cell}_${layer}`, weights, signal, size, never);
        const right = cellRun(cell, `backward_${cell}_${layer}`, weights, signal.toReversed(), size, never);
        signal = left.map((h, step) => [...h, ...right[lesson.steps - 1 - step]!]);
      } else {
        const fresh = (step: number) => lesson.fresh[rowAt(step, stream)] === 1;
        const below = signal;
        signal = cellRun(cell, `${cell}_${layer}`, weights, below, size, fresh);
        if (residual && layer > 0)
          signal = signal.map((h, step) => h.map((value, k) => value + below[step]![k]!));
      }
    });
    for (const step of steps) outputs[rowAt(step, stream)] = signal[step]!;
  }
  const bias = weights.get('dense/bias')!;
  const losses = (batchNormalization ? normalised(outputs, weights) : outputs).map((x, row) => {
    const logits = product(x, weights.get('dense/kernel')!, SIZE).map((logit, i) => logit + bias[i]!);
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
    return Math.log(total) - logits[lesson.targets[row]!]!;
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

function lessonOf(steps: number, streams: number): TrainingBatch {
  const rows = steps * streams;
  const draw = (attempt: number) =>
    Int32Array.from({ length: rows }, (_, i) => Math.floor(uniformAt(3, i, attempt) * SIZE));
  const fresh = new Uint8Array(rows);
  // In the middle of the batch, for one of the streams.
  fresh[2 * streams + 1] = 1;
  return { steps, streams, inputs: draw(0), targets: draw(1), fresh };
}

describe('gradients', () => {
  before(() => tf.setBackend('wasm'));

  const plain = { units: [4, 3], embedding: 3, dropout: 0 } as const;
  for (const [title, architecture] of [
    ['an LSTM of two layers', { ...plain, cell: 'lstm' }],
    ['a GRU of two layers', { ...plain, cell: 'gru' }],
    ['an LSTM of two layers that reads both ways', { ...plain, cell: 'lstm', bidirectional: true }],
    ['a GRU that reads both ways', { ...plain, cell: 'gru', units: [4], bidirectional: true }],
    ['a residual stack of LSTMs', { ...plain, cell: 'lstm', units: [4, 4, 4], residual: true }],
    [
      'a residual stack of GRUs with batch normalisation',
      { ...plain, cell: 'gru', units: [4, 4], residual: true, batchNormalization: true },
    ],
    ['an LSTM with batch normalisation', { ...plain, cell: 'lstm', batchNormalization: true }],
    [
      'a GRU of two layers both ways with batch normalisation',
      { ...plain, cell: 'gru', bidirectional: true, batchNormalization: true },
    ],
  ] satisfies [string, Architecture][]) {
    it(`of ${title} equal finite differences in float64`, () => {
      const network = new TrainableNetwork(architecture, SIZE);
      const lesson = lessonOf(5, 3);
      // Larger than the initial weights of training, so that every gate is on its slope.
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
      const learned = [...weights.keys()].filter((name) => !name.includes('/moving_'));
      assert.deepEqual([...gradients.keys()].sort(), learned.sort());
      for (const name of learned) {
        const values = weights.get(name)!;
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

  it('of batch normalisation do not include its moving averages, which follow the chunks', () => {
    const architecture: Architecture = { ...plain, cell: 'lstm', units: [3], batchNormalization: true };
    const network = new TrainableNetwork(architecture, SIZE);
    const [weights, lesson] = [network.draw(3), lessonOf(4, 3)];
    const states = network.freshStates(3);
    const { moved } = network.learn(weights, lesson, states, 0);
    assert.deepEqual(
      [...moved.keys()],
      ['batch_normalization/moving_mean', 'batch_normalization/moving_variance'],
    );
    // They moved one hundredth of the way from 0 and 1. Moved all the way, they equal the chunk's own mean
    // and variance.
    const [mean, variance] = [...moved].map(([, tensor]) => [...tensor.dataSync()]);
    const arrived = new Map([
      ...weights,
      ['batch_normalization/moving_mean', tf.tensor1d(mean!.map((value) => value * 100))],
      ['batch_normalization/moving_variance', tf.tensor1d(variance!.map((value) => (value - 0.99) * 100))],
    ]);
    const lossOf = (given: Weights) => network.read(given, lesson, states).loss.dataSync()[0]!;
    const learned = network.learn(weights, lesson, states, 0).loss.dataSync()[0]!;
    assert.ok(Math.abs(lossOf(arrived) - learned) < 1e-4, `${lossOf(arrived)}, ${learned}`);
    assert.ok(Math.abs(lossOf(weights) - learned) > 1e-3, `${lossOf(weights)}, ${learned}`);
  });

  it('of a residual stack include what dropout leaves of its branches', () => {
    const architecture = {
      cell: 'lstm',
      units: [4, 4, 4],
      embedding: 3,
      dropout: 0.4,
      residual: true,
    } as const;
    const network = new TrainableNetwork(architecture, SIZE);
    const lesson = lessonOf(4, 3);
    const weights = new Map(
      [...network.draw(2)].map(([name, { shape, size }], one) => [
        name,
        tf.tensor(
          Float32Array.from({ length: size }, (_, i) => uniformAt(7 + one, i, 0) * 2 - 1),
          shape,
        ),
      ]),
    );
    const learn = (given: Weights) => network.learn(given, lesson, network.freshStates(3), 5);
    const { gradients } = learn(weights);
    for (const name of ['embedding/embeddings', 'lstm_1/kernel', 'lstm_2/recurrent_kernel']) {
      const gradient = gradients.get(name)!;
      // A step along the gradient changes the loss by its square; larger steps, because losses are float32.
      const lossAt = (step: number) => {
        const moved = tf.add(weights.get(name)!, tf.mul(gradient, step));
        return learn(new Map([...weights, [name, moved]])).loss.dataSync()[0]!;
      };
      const square = tf.sum(tf.square(gradient)).dataSync()[0]!;
      const step = 0.01 / Math.sqrt(square);
      const found = (lossAt(step) - lossAt(-step)) / (2 * step);
      assert.ok(Math.abs(found / square - 1) < 0.01, `${name}: ${found}, ${square}`);
    }
  });

  it('drop the same outputs for the same seed, in the forward and the backward pass', () => {
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
