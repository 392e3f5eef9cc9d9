import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { planOf, refusalOf } from '../../../../src/generator/engines/integer/plan.ts';
import type { Layer } from '../../../../src/generator/model/layers.ts';
import { RandomLayers } from '../../model/random-layers.ts';
import { modelOf } from '../../model/random-model.ts';
import { KINDS } from '../kinds.ts';

const random = new RandomLayers(1);
const [input, lstm, output] = [random.embedding(20, 8), random.lstm(8, 16), random.dense(16, 20)];

describe('the plan of the integer engine', () => {
  test('takes LSTMs with any layers without a state below them', () => {
    const stacks: readonly (readonly Layer[])[] = [
      [input, lstm, output],
      [{ kind: 'one_hot', size: 20 }, random.lstm(20, 48), random.lstm(48, 16), output],
      [input, random.dense(8, 7, 'elu'), random.batchNormalization(7), random.lstm(7, 16), output],
    ];
    for (const layers of stacks) assert.equal(refusalOf(layers), undefined);
  });

  test('sums the inputs of residual layers', () => {
    const residual = () => ({ ...random.lstm(16, 16), residual: true as const });
    const firstInputsOf = (...lstms: Layer[]) => {
      const { layers, output: top } = planOf(modelOf([input, ...lstms, output]));
      return [...layers.map(({ firstInput }) => firstInput), top.firstInput];
    };
    const plain = () => random.lstm(16, 16);
    assert.deepEqual(firstInputsOf(lstm), [0, 0]);
    assert.deepEqual(firstInputsOf(lstm, plain(), plain()), [0, 0, 1, 2]);
    assert.deepEqual(firstInputsOf(lstm, residual(), residual()), [0, 0, 0, 0]);
    assert.deepEqual(firstInputsOf(lstm, plain(), residual(), plain(), residual()), [0, 0, 1, 1, 3, 3]);
  });

  test('says why it does not take other models', () => {
    const broken = { ...lstm, bias: Float32Array.from(lstm.bias, (_, i) => (i === 3 ? Number.NaN : 0)) };
    const refused: readonly (readonly [readonly Layer[], RegExp])[] = [
      [[random.embedding(5_000, 8), lstm, random.dense(16, 5_000)], /its vocabulary has 5000 entries/],
      [[input, random.gru(8, 16, true), output], /its first layer with a state is no LSTM/],
      [[input, random.dense(8, 20)], /its first layer with a state is no LSTM/],
      [[input, random.lstm(8, 20)], /its last layer is no dense layer/],
      [[input, lstm, random.dense(16, 20, 'relu')], /its last layer is no dense layer/],
      [[input, lstm, random.gru(16, 16, true), output], /a layer of the kind gru/],
      [[input, lstm, random.batchNormalization(16), output], /a layer of the kind batch_normalization/],
      [[input, random.lstm(8, 16, { activation: 'relu' }), output], /the activations relu and sigmoid/],
      [[input, random.lstm(8, 24), random.dense(24, 20)], /24 units, which is no multiple of 16/],
      [[input, broken, output], /a weight is no finite number/],
    ];
    for (const [layers, reason] of refused) {
      assert.match(refusalOf(layers)!, reason);
      assert.throws(() => planOf(modelOf(layers)), reason);
    }
    for (const { layers } of Object.values(KINDS)) assert.ok(refusalOf(layers));
  });

  test('has no values beyond all numbers', () => {
    const [huge, kernel] = [input.matrix.map(() => 3e38), lstm.kernel.map(() => 3e38)];
    const model = modelOf([{ ...input, matrix: huge }, { ...lstm, kernel }, output]);
    assert.throws(() => planOf(model), { name: 'StoryError', message: /first layers give values beyond/ });
  });
});
