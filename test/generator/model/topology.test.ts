import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ModelFileError } from '../../../src/generator/model/model.ts';
import { readTopology } from '../../../src/generator/model/topology.ts';

type Config = Record<string, unknown>;

const layer = (class_name: string, config: Config) => ({ class_name, config: { name: 'it', ...config } });
const EMBEDDING = layer('Embedding', { input_dim: 9, output_dim: 4, batch_input_shape: [null, null] });
const LSTM = layer('LSTM', {
  ...{
    name: 'lstm_1',
    units: 3,
    activation: 'tanh',
    recurrent_activation: 'hard_sigmoid',
    return_sequences: true,
  },
});
const DENSE = layer('Dense', { units: 9, activation: 'softmax' });
const sequential = (...layers: unknown[]) => ({ class_name: 'Sequential', config: layers });
const read = (topology: unknown, kerasVersion?: string) =>
  readTopology(topology, { file: 'x.h5', ...(kerasVersion === undefined ? {} : { kerasVersion }) });
/** A layer between the first and the last. */
const withLayer = (className: string, config: Config) =>
  sequential(EMBEDDING, LSTM, layer(className, config), DENSE);
const middle = (className: string, config: Config, kerasVersion?: string) =>
  read(withLayer(className, config), kerasVersion).plans.slice(2, -1);

describe('a topology', () => {
  test('that reads a character as a single number is refused with the alternative', () => {
    const scaled = { ...LSTM, config: { ...LSTM.config, batch_input_shape: [null, 100, 1] } };
    assert.throws(
      () => read(sequential(scaled, DENSE)),
      /as a single number \(ids divided by their count\), not as an Embedding or a one-hot; train it with one/,
    );
  });

  test('omits layers without an effect', () => {
    const silent = [
      'Dropout',
      'SpatialDropout1D',
      'GaussianNoise',
      'GaussianDropout',
      'AlphaDropout',
      'Masking',
    ];
    for (const className of [...silent, 'ActivityRegularization', 'InputLayer']) {
      assert.deepEqual(middle(className, {}), [], className);
    }
    assert.deepEqual(middle('TimeDistributed', { layer: layer('Dropout', {}) }), []);
  });

  test('accepts each name of an activation', () => {
    const names: [string, Config, string, string?][] = [
      ['Activation', { activation: 'swish' }, 'silu'],
      ['Activation', { activation: 'hard_swish' }, 'hard_silu'],
      ['Activation', { activation: 'hard_sigmoid' }, 'hard_sigmoid', '2.15.0'],
      ['Activation', { activation: 'hard_sigmoid' }, 'hard_sigmoid_keras3', '3.0.1'],
      ['Activation', { activation: 'hard_sigmoid' }, 'hard_sigmoid', 'tfjs-layers 4.22.0'],
      ['Activation', { activation: { class_name: 'function', config: 'gelu' } }, 'gelu'],
      ['TimeDistributed', { layer: layer('Activation', { activation: 'relu' }) }, 'relu'],
      ['ReLU', {}, 'relu'],
      ['ReLU', { max_value: 6, negative_slope: 0, threshold: 0 }, 'relu6'],
      ['LeakyReLU', { alpha: 0.20000000298023224 }, 'leaky_relu'],
      ['LeakyReLU', { negative_slope: 0.2 }, 'leaky_relu', '3.0.0'],
      ['ELU', { alpha: 1 }, 'elu'],
      ['Softmax', { axis: -1 }, 'softmax'],
    ];
    for (const [className, config, activation, version] of names) {
      const [plan] = middle(className, config, version);
      assert.deepEqual(
        [plan?.kind, plan && 'activation' in plan && plan.activation],
        ['activation', activation],
      );
    }
  });

  test('reads the version from each position where it may be', () => {
    const gate = { ...LSTM, config: { ...LSTM.config, recurrent_activation: 'hard_sigmoid' } };
    const topology = { model_config: sequential(EMBEDDING, gate, DENSE), keras_version: '3.1.0' };
    const plan = read(topology).plans[1]!;
    assert.equal(plan.kind === 'lstm' && plan.recurrentActivation, 'hard_sigmoid_keras3');
  });

  test('is windowed when the file fixes the length, and stateful when the file says so', () => {
    const first = (config: Config) => layer('Embedding', { input_dim: 9, output_dim: 4, ...config });
    const windowOf = (...layers: unknown[]) => read(sequential(...layers, LSTM, DENSE)).window;
    assert.equal(windowOf(first({ batch_input_shape: [null, 50] })), 50);
    assert.equal(windowOf(first({ input_length: 40 })), 40);
    assert.equal(windowOf(first({ batch_input_shape: [null, null], input_length: null })), null);
    assert.equal(windowOf(layer('InputLayer', { batch_shape: [null, 30] }), first({})), 30);
    assert.equal(read(sequential(EMBEDDING, LSTM, DENSE)).isStateful, false);
    const stateful = { ...LSTM, config: { ...LSTM.config, stateful: true } };
    assert.equal(read(sequential(EMBEDDING, stateful, DENSE)).isStateful, true);
  });

  test('begins with a one-hot layer if it has no embedding', () => {
    const first = { ...LSTM, config: { ...LSTM.config, batch_input_shape: [null, 50, 9] } };
    const { plans, window } = read(sequential(first, DENSE));
    assert.deepEqual(plans[0], { kind: 'one_hot', size: 9 });
    assert.equal(window, 50);
    const input = layer('InputLayer', { batch_shape: [null, null, 9] });
    assert.deepEqual(read(sequential(input, LSTM, DENSE)).plans[0], { kind: 'one_hot', size: 9 });
  });

  test('ends with logits, for each way of writing its softmax', () => {
    const linear = layer('Dense', { units: 9, activation: 'linear' });
    const ends = [
      [DENSE],
      [linear],
      [linear, layer('Activation', { activation: 'softmax' })],
      [linear, layer('Softmax', { axis: -1 })],
      [layer('Dense', { units: 9, activation: 'log_softmax' })],
      [layer('TimeDistributed', { layer: DENSE })],
    ];
    for (const end of ends) {
      const last = read(sequential(EMBEDDING, LSTM, ...end)).plans.at(-1)!;
      assert.equal(last.kind === 'dense' && last.activation, 'linear', JSON.stringify(end));
    }
  });

  test('may be a Functional model that is a single chain', () => {
    const named = (one: { config: Config }, name: string, inbound_nodes: unknown) => ({
      ...{ ...one, config: { ...one.config, name } },
      ...{ name, inbound_nodes },
    });
    const input = named(layer('InputLayer', { batch_input_shape: [null, 20] }), 'in', []);
    const keras2 = [
      named(DENSE, 'out', [[['rnn', 0, 0, {}]]]),
      named(LSTM, 'rnn', [[['emb', 0, 0, {}]]]),
      named(EMBEDDING, 'emb', [[['in', 0, 0, {}]]]),
      input,
    ];
    const { plans, window } = read({ class_name: 'Model', config: { name: 'm', layers: keras2 } });
    assert.deepEqual([plans.map(({ kind }) => kind), window], [['embedding', 'lstm', 'dense'], 20]);
    const history = (name: string) => [
      { args: [{ class_name: '__keras_tensor__', config: { keras_history: [name, 0, 0] } }], kwargs: {} },
    ];
    const keras3 = [
      input,
      named(EMBEDDING, 'emb', history('in')),
      named(LSTM, 'rnn', history('emb')),
      named(DENSE, 'out', history('rnn')),
    ];
    assert.equal(read({ class_name: 'Functional', config: { layers: keras3 } }).plans.length, 3);
    const branching = [...keras3, named(DENSE, 'other', history('emb'))];
    const joining = keras3.with(3, named(DENSE, 'out', [...history('rnn'), ...history('emb')]));
    const ring = keras3.with(1, named(EMBEDDING, 'emb', history('out')));
    for (const layers of [branching, joining, ring]) {
      assert.throws(() => read({ class_name: 'Functional', config: { layers } }), /chain of layers/);
    }
  });
});

describe('a Functional model with sums', () => {
  const named = (class_name: string, name: string, from: string[], config: Config = {}) => ({
    ...{ class_name, name, config: { name, ...config } },
    inbound_nodes: from.length === 0 ? [] : [from.map((one) => [one, 0, 0, {}])],
  });
  const { config: settings } = LSTM;
  const embedding = named('Embedding', 'emb', [], EMBEDDING.config);
  const lstm = (name: string, from: string, config: Config = {}) =>
    named('LSTM', name, [from], { ...settings, name, ...config });
  const dense = (from: string) => named('Dense', 'out', [from], { ...DENSE.config, name: 'out' });
  const readAll = (...layers: unknown[]) => read({ class_name: 'Functional', config: { layers } });
  const isResidual = ({ plans }: ReturnType<typeof read>) =>
    plans.flatMap((plan) => (plan.kind === 'lstm' ? [plan.isResidual] : []));

  test('is a residual stack, with the summands in any order and dropout anywhere', () => {
    const stack = readAll(
      ...[embedding, lstm('a', 'emb'), lstm('b', 'a'), named('Add', 'add', ['a', 'b'])],
      ...[named('Dropout', 'drop', ['add']), lstm('c', 'drop'), named('Dropout', 'drop_2', ['c'])],
      ...[named('Add', 'add_2', ['drop_2', 'drop']), lstm('d', 'add_2'), dense('d')],
    );
    assert.deepEqual(isResidual(stack), [false, true, true, false]);
    assert.deepEqual(
      stack.plans.map(({ kind }) => kind),
      ['embedding', 'lstm', 'lstm', 'lstm', 'lstm', 'dense'],
    );
  });

  test('may add by an operator of Keras 2', () => {
    const operator = {
      ...named('TFOpLambda', 'plus', [], { function: '__operators__.add' }),
      inbound_nodes: [['b', 0, 0, { y: ['a', 0, 0], name: null }]],
    };
    const stack = readAll(embedding, lstm('a', 'emb'), lstm('b', 'a'), operator, dense('plus'));
    assert.deepEqual(isResidual(stack), [false, true]);
  });

  test('is refused when a sum is something else', () => {
    const add = (...from: string[]) => named('Add', 'add', from);
    const [a, b] = [lstm('a', 'emb'), lstm('b', 'a')];
    const faults: [unknown[], RegExp][] = [
      [
        [embedding, a, b, add('emb', 'b'), dense('add')],
        /its layer add adds something else than a recurrent/,
      ],
      [[embedding, a, b, add('b', 'b'), dense('add')], /its layer add adds something else/],
      [[embedding, a, b, add('a', 'b', 'emb'), dense('add')], /its layer add adds something else/],
      [[embedding, a, add('a', 'gone'), dense('add')], /its layer add adds something else/],
      [
        [embedding, a, add('a', 'emb'), dense('add')],
        /input of its layer a is added .* is the first recurrent/,
      ],
      [
        [embedding, a, lstm('b', 'a', { return_sequences: false }), add('a', 'b'), dense('add')],
        /input of its layer b is added to its output, and it is without return_sequences/,
      ],
      [[embedding, a, b, add('a', 'b'), dense('add'), lstm('c', 'a')], /not a chain of layers/],
      [
        [embedding, named('Dropout', 'x', ['y']), named('Dropout', 'y', ['x']), add('x', 'y')],
        /adds something/,
      ],
    ];
    for (const [layers, message] of faults) assert.throws(() => readAll(...layers), message);
    assert.throws(() => read(withLayer('Add', {})), /its layer it is a "Add"; only .* can be run/);
  });
});

describe('a topology is refused in one line that names the layer:', () => {
  const bidirectional = (config: Config, inner: unknown = LSTM) =>
    withLayer('Bidirectional', { layer: inner, merge_mode: 'concat', ...config });
  const faults: [string, unknown, RegExp][] = [
    ['nothing', undefined, /describes no model/],
    ['a list', [], /describes no model/],
    ['no layers', sequential(), /has no layers/],
    ['a layer that is none', sequential('x'), /has no layers/],
    ['a layer without settings', sequential({ class_name: 'LSTM' }), /layer LSTM has no configuration/],
    ['a layer without a name', sequential({ class_name: 'LSTM', config: {} }), /layer LSTM has no name/],
    ['a convolution', withLayer('Conv1D', {}), /its layer it is a "Conv1D"; only Embedding/],
    ['a simple RNN', withLayer('SimpleRNN', { units: 3 }), /"SimpleRNN"/],
    ['a model in a model', withLayer('Sequential', { layers: [] }), /"Sequential"; only/],
    ['attention', withLayer('MultiHeadAttention', {}), /"MultiHeadAttention"/],
    ['an LSTM over time', withLayer('TimeDistributed', { layer: LSTM }), /its layer it is a "LSTM"/],
    ['an empty wrapper', withLayer('TimeDistributed', {}), /its layer it has no `layer`/],
    ['a Dense both ways', bidirectional({}, DENSE), /its layer it is a "Dense"/],
    [
      'two outputs',
      bidirectional({ merge_mode: null }),
      /`merge_mode` of its layer it is null, expected "concat"/,
    ],
    [
      'only the last character both ways',
      bidirectional({}, layer('LSTM', { ...LSTM.config, return_sequences: false })),
      /`return_sequences` of its layer it is false, expected true/,
    ],
    [
      'another axis',
      withLayer('BatchNormalization', { axis: 1 }),
      /`axis` of its layer it is 1, expected -1/,
    ],
    ['two axes', withLayer('BatchNormalization', { axis: [1, 2] }), /`axis` of its layer it is \[1,2\]/],
    [
      'a slope of its own',
      withLayer('LeakyReLU', { alpha: 0.3 }),
      /slope of its layer it is 0.3, expected 0.2/,
    ],
    ['a ceiling of its own', withLayer('ReLU', { max_value: 7 }), /`max_value` of its layer it is 7/],
    [
      'an activation of its own',
      withLayer('Activation', { activation: { class_name: 'function', config: 'mine' } }),
      /`activation` of its layer it is \{"class_name":"function","config":"mine"\}, which is none/,
    ],
    [
      'an endless activation',
      withLayer('Activation', { activation: 'x'.repeat(1e6) }),
      /`activation` of its layer it is "x{70,80}\.\.\., which is none/,
    ],
    ['no units', withLayer('GRU', { ...LSTM.config, units: -1 }), /`units` of its layer lstm_1 is -1/],
    ['no activation', withLayer('GRU', { units: 3 }), /`activation` of its layer it is undefined/],
    ['half a unit', withLayer('Dense', { units: 1.5, activation: 'relu' }), /`units` of its layer it is 1.5/],
    [
      'a switch that is none',
      withLayer('LSTM', { ...LSTM.config, use_bias: 'no' }),
      /`use_bias` of its layer lstm_1/,
    ],
    [
      'no size of a character',
      sequential(LSTM, DENSE),
      /does not say how many numbers stand for a character/,
    ],
    [
      'an embedding further on',
      sequential(EMBEDDING, LSTM, EMBEDDING, DENSE),
      /its layer it is not the first/,
    ],
    ['no recurrent layer', sequential(EMBEDDING, DENSE), /has no LSTM and no GRU/],
    ['no probabilities', sequential(EMBEDDING, LSTM), /ends with no softmax/],
    [
      'one number for the text',
      sequential(EMBEDDING, LSTM, layer('Dense', { units: 1, activation: 'sigmoid' })),
      /ends with no softmax/,
    ],
  ];
  for (const [what, topology, message] of faults) {
    test(what, () => {
      assert.throws(
        () => read(topology),
        (error) => {
          assert.ok(error instanceof ModelFileError && error.code === 'model_unavailable');
          assert.match(error.message, message);
          assert.ok(!error.message.includes('\n') && error.message.length < 500);
          return true;
        },
      );
    });
  }
});
