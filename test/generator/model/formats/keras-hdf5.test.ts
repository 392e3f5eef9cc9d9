import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Group } from 'h5wasm';
import type { ForeignModel } from '../../../../src/generator/model/formats/foreign-model.ts';
import { readModel } from '../../../../src/generator/model/formats/read-model.ts';
import type { Layer, RecurrentLayer } from '../../../../src/generator/model/layers.ts';
import {
  ancestorLayers,
  batchNormalization,
  bidirectional,
  dense,
  embedding,
  gru,
  type KerasLayer,
  kerasHdf5,
  lstm,
  plain,
  randomWeights,
  timeDistributed,
} from './keras-files.ts';

let folder: string;
let count = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keras-'));
});
after(() => rm(folder, { recursive: true }));

async function read(bytes: Uint8Array): Promise<ForeignModel> {
  const path = join(folder, `model-${count++}.h5`);
  await writeFile(path, bytes);
  return readModel(path);
}

const values = (layer: KerasLayer) => layer.weights.map((one) => one.values);
const weightsOf = ({ kernel, recurrentKernel, bias }: RecurrentLayer) => [kernel, recurrentKernel, bias];
const softmax = plain('Activation', 'activation_1', { activation: 'softmax' });

describe("Keras's HDF5", () => {
  test("is read: a small version of the ancestor's network", async () => {
    const layers = ancestorLayers(12);
    const model = await read(await kerasHdf5(layers));
    assert.equal(model.source, 'HDF5 of Keras 2.1.5');
    assert.deepEqual(model.reading, { kind: 'window', characters: 50 });
    const [embed, first, second, third, norm, , last] = layers.map(values);
    const recurrent = (inputSize: number, [kernel, recurrentKernel, bias]: Float32Array[]) => ({
      ...{ kind: 'lstm', units: 6, inputSize, activation: 'relu', recurrentActivation: 'hard_sigmoid' },
      ...{ kernel, recurrentKernel, bias },
    });
    const [gamma, beta, mean, variance] = norm!;
    assert.deepEqual(model.layers, [
      { kind: 'embedding', rows: 12, columns: 5, matrix: embed![0] },
      recurrent(5, first!),
      recurrent(6, second!),
      recurrent(6, third!),
      { kind: 'batch_normalization', size: 6, epsilon: 0.001, gamma, beta, mean, variance },
      { kind: 'dense', units: 12, inputSize: 6, activation: 'linear', kernel: last![0], bias: last![1] },
    ]);
  });

  test('is read: every kind of layer, under the names of every version', async () => {
    const resetAfter = gru('gru_1', 4, 3, { settings: { reset_after: true }, scope: 'gru_cell_1' });
    const counted = bidirectional(
      'bidirectional_2',
      gru('gru_2', 6, 2),
      'sum',
      (half, weight) =>
        // TensorFlow's numbering without an explicit scope: kernel:0, then kernel_1:0.
        `bidirectional_2/${half === 'forward' ? weight : weight.replace(':0', '_1:0')}`,
    );
    const layers = [
      plain('InputLayer', 'input_1', { batch_input_shape: [null, null, 7] }),
      plain('Masking', 'masking_1', { mask_value: 0 }),
      lstm('lstm_1', 7, 4, { scope: 'lstm_cell', bias: false }),
      resetAfter,
      bidirectional('bidirectional_1', lstm('lstm_2', 3, 3, { scope: 'lstm_cell_3' }), 'concat'),
      counted,
      batchNormalization('batch_normalization_1', 2, { scale: false, axis: [2] }),
      batchNormalization('batch_normalization_2', 2, { center: false, epsilon: 1e-5 }),
      timeDistributed('time_distributed_1', batchNormalization('inner', 2)),
      lstm('lstm_3', 2, 3, { settings: { return_sequences: false } }),
      batchNormalization('batch_normalization_3', 3, { axis: [1] }),
      plain('ReLU', 're_lu_1'),
      dense('dense_1', 3, 7, 'softmax'),
    ];
    const { layers: read_, reading } = await read(await kerasHdf5(layers, { version: '2.9.0' }));
    assert.equal(reading, null);
    assert.deepEqual(
      read_.map(({ kind }) => kind),
      [
        ...['one_hot', 'lstm', 'gru', 'bidirectional', 'bidirectional'],
        ...['batch_normalization', 'batch_normalization', 'batch_normalization'],
        ...['lstm', 'batch_normalization', 'activation', 'dense'],
      ],
    );
    const [, first, second, both, sum, scaled, centred] = read_ as [Layer, ...never[]] & Layer[];
    assert.deepEqual(weightsOf(first as RecurrentLayer), [...values(layers[2]!), new Float32Array(16)]);
    assert.deepEqual(weightsOf(second as RecurrentLayer), values(resetAfter));
    assert.ok(second?.kind === 'gru' && second.resetAfter);
    assert.ok(both?.kind === 'bidirectional' && both.merge === 'concat');
    assert.deepEqual([...weightsOf(both.forward), ...weightsOf(both.backward)], values(layers[4]!));
    assert.ok(sum?.kind === 'bidirectional' && sum.forward.kind === 'gru' && !sum.forward.resetAfter);
    assert.deepEqual([...weightsOf(sum.forward), ...weightsOf(sum.backward)], values(counted));
    assert.ok(scaled?.kind === 'batch_normalization' && centred?.kind === 'batch_normalization');
    assert.deepEqual([scaled.gamma, scaled.beta], [Float32Array.of(1, 1), values(layers[6]!)[0]]);
    assert.deepEqual([centred.gamma, centred.beta], [values(layers[7]!)[0], new Float32Array(2)]);
    assert.equal(centred.epsilon, 1e-5);
  });

  test("is read: layers that were trained with NVIDIA's library", async () => {
    const [inputs, units] = [3, 2];
    const forLstm = lstm('cu_dnnlstm_1', inputs, units);
    const forGru = gru('cu_dnngru_1', units, units, { settings: { reset_after: true } });
    const cudnn = (layer: KerasLayer, className: string, gates: number, bias: Float32Array): KerasLayer => {
      const { weights, config } = layer;
      const { activation: _, recurrent_activation: __, reset_after: ___, ...settings } = config;
      return {
        class_name: className,
        config: settings as KerasLayer['config'],
        weights: [
          ...weights
            .slice(0, 2)
            .map((one) => ({ ...one, values: asCudnn(one.values, one.shape[0]!, units, gates) })),
          { ...weights[2]!, shape: [bias.length], values: bias },
        ],
      };
    };
    const twoBiases = randomWeights(5, 16);
    const layers = [
      embedding(5, inputs, null),
      cudnn(forLstm, 'CuDNNLSTM', 4, twoBiases),
      cudnn(forGru, 'CuDNNGRU', 3, values(forGru)[2]!),
      dense('dense_1', units, 5, 'linear'),
      softmax,
    ];
    const model = await read(await kerasHdf5(layers, { version: '2.2.4' }));
    const [, first, second] = model.layers as [Layer, RecurrentLayer, RecurrentLayer];
    assert.deepEqual([first.activation, first.recurrentActivation], ['tanh', 'sigmoid']);
    assert.deepEqual([first.kernel, first.recurrentKernel], values(forLstm).slice(0, 2));
    assert.deepEqual(
      first.bias,
      twoBiases.slice(0, 8).map((bias, i) => bias + twoBiases[8 + i]!),
    );
    assert.deepEqual(weightsOf(second), values(forGru));
    assert.ok(second.kind === 'gru' && second.resetAfter);
  });

  test('is read with each way of storing texts', async () => {
    const layers = ancestorLayers(12);
    const [variable, fixed, utf8] = await Promise.all(
      (['variable', 'fixed', 'utf8'] as const).map(async (texts) => read(await kerasHdf5(layers, { texts }))),
    );
    assert.deepEqual(fixed!.layers, variable!.layers);
    assert.deepEqual(utf8!.layers, variable!.layers);
  });

  test('is read when its lists were too long for one attribute', async () => {
    const layers = ancestorLayers(12);
    const bytes = await kerasHdf5(layers, {
      change: (file) => {
        const group = file.get('model_weights/lstm_2') as Group;
        group.delete_attribute('weight_names');
        group.create_attribute('weight_names0', ['lstm_2/kernel:0', 'lstm_2/recurrent_kernel:0'], [2], 'A30');
        group.create_attribute('weight_names1', ['lstm_2/bias:0'], [1], 'A30');
      },
    });
    assert.deepEqual(weightsOf((await read(bytes)).layers[2] as RecurrentLayer), values(layers[2]!));
  });
});

describe("Keras's HDF5 is refused in one line:", () => {
  const inGroup = (path: string, change: (group: Group) => void) =>
    kerasHdf5(ancestorLayers(12), { change: (file) => change(file.get(path) as Group) });
  const replaced = (name: string, args: { data: Float32Array | Int8Array; shape: number[]; dtype: string }) =>
    inGroup('model_weights/lstm_2', (group) => {
      // A name may occur again if its list names another layer.
      group.delete_attribute('weight_names');
      group.create_dataset({ name: 'other', ...args });
      const names = ['kernel', 'recurrent_kernel', 'bias'].map((one) => `lstm_2/${one}:0`);
      group.create_attribute('weight_names', names.with(names.indexOf(name), 'other'), [3], 'A30');
    });
  const layers = ancestorLayers(12);
  const faults: [string, () => Promise<Uint8Array>, RegExp][] = [
    [
      'a weight that is not listed',
      () =>
        inGroup('model_weights/lstm_2', (group) => {
          group.delete_attribute('weight_names');
          group.create_attribute('weight_names', ['lstm_2/kernel:0', 'lstm_2/bias:0'], [2], 'A30');
        }),
      /has no weight lstm_2\/recurrent_kernel/,
    ],
    [
      'a weight that is not there',
      () =>
        inGroup('model_weights/lstm_2', (group) => {
          group.delete_attribute('weight_names');
          group.create_attribute('weight_names', ['lstm_2/gone:0'], [1], 'A30');
        }),
      /has no weight lstm_2\/gone:0/,
    ],
    [
      'a weight of whole numbers',
      () => replaced('lstm_2/bias:0', { data: new Int8Array(24), shape: [24], dtype: '<b' }),
      /its weight other is not made of float32 numbers/,
    ],
    [
      'a layer that is not there',
      () =>
        kerasHdf5(layers, {
          config: {
            class_name: 'Sequential',
            config: [
              ...configs(layers.slice(0, 1)),
              ...configs([lstm('gone', 5, 6)]),
              ...configs(layers.slice(6)),
            ],
          },
        }),
      /has no weight gone\/kernel/,
    ],
    [
      'a weight of another shape',
      () => kerasHdf5(layers.with(1, { ...layers[1]!, weights: lstm('lstm_1', 6, 6).weights })),
      /its weight lstm_1\/kernel:0 is 6 x 24, expected 5 x 24/,
    ],
    [
      'a weight that is no number',
      () => {
        const broken = ancestorLayers(12);
        broken[1]!.weights[2]!.values[3] = Number.NaN;
        return kerasHdf5(broken);
      },
      /its weight lstm_1\/bias:0 is not all numbers/,
    ],
    [
      'weights alone',
      () => kerasHdf5(layers, { change: (file) => file.delete_attribute('model_config') }),
      /no `model_config`; was it written by save_weights/,
    ],
    [
      'a configuration that is no JSON',
      () => kerasHdf5(layers, { config: '{"class_name":' }),
      /`model_config` is not JSON/,
    ],
  ];
  for (const [what, write, message] of faults) {
    test(what, async () => {
      await assert.rejects(read(await write()), (error) => {
        assert.ok(error instanceof Error);
        assert.match(error.message, message);
        return true;
      });
    });
  }
});

function configs(layers: readonly KerasLayer[]): unknown[] {
  return layers.map(({ class_name, config }) => ({ class_name, config }));
}

/**
 * NVIDIA's layout of a matrix: for each gate, the numbers of the transposed matrix in the position of the
 * matrix.
 */
function asCudnn(matrix: Float32Array, rows: number, units: number, gates: number): Float32Array {
  const result = new Float32Array(matrix.length);
  for (let gate = 0; gate < gates; gate++) {
    const turned: number[] = [];
    for (let unit = 0; unit < units; unit++) {
      for (let row = 0; row < rows; row++) turned.push(matrix[row * gates * units + gate * units + unit]!);
    }
    turned.forEach((value, place) => {
      const [row, unit] = [Math.floor(place / units), place % units];
      result[row * gates * units + gate * units + unit] = value;
    });
  }
  return result;
}
