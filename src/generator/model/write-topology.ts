/** Writes layers as Keras and TensorFlow.js describe them: configurations, and weights by name. */
import { activationIn, type Dialect } from './activations.ts';
import type { ActivationName, Layer, RecurrentLayer } from './layers.ts';
import { type Reading, unusable } from './model.ts';
import type { Tensor } from './weights.ts';

export interface WrittenLayer {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>> & { readonly name: string };
  /** In Keras's order; names begin with the layer's. */
  readonly weights: readonly Tensor[];
  /** Names of the layers that it reads: the one before it, and for a sum also the one before that. */
  readonly inputs: readonly string[];
}

type LayerAlone = Omit<WrittenLayer, 'inputs'>;

export interface WriteOptions {
  readonly dialect: Dialect;
  readonly reading: Reading;
  /** The model's name in error messages. */
  readonly model: string;
}

/** Name of the layer that begins a Functional model. */
const INPUT = 'input';

/** Names of the dialects in errors about unsupported layers. */
const DIALECT_NAMES: Readonly<Record<Dialect, string>> = {
  ours: 'Our format',
  keras2: 'Keras 2',
  'tensorflow.js': 'TensorFlow.js',
};

/**
 * Writes the layers of a model, and the softmax at its end.
 *
 * @throws StoryError `model_unavailable` that names the layer that the dialect lacks
 */
export function writeLayers(layers: readonly Layer[], options: WriteOptions): WrittenLayer[] {
  const writer = new LayerWriter(options);
  const last = layers.at(-1);
  const hasDense = last?.kind === 'dense' && last.activation === 'linear';
  const whole: readonly Layer[] = hasDense
    ? [...layers.slice(0, -1), { ...last, activation: 'softmax' }]
    : [...layers, { kind: 'activation', activation: 'softmax' }];
  const first = layers[0]!;
  const oneHotSize = first.kind === 'one_hot' ? first.size : null;
  const written = writer.writeAll(oneHotSize === null ? whole : whole.slice(1));
  const { reading } = options;
  const characters = reading.kind === 'window' ? reading.characters : null;
  const isStateful = options.dialect === 'keras2' && reading.kind === 'stateful';
  const shape = [isStateful ? 1 : null, characters, ...(oneHotSize === null ? [] : [oneHotSize])];
  if (!isChain(written)) return [inputLayer(shape), ...written];
  const { config, ...rest } = written[0]!;
  const { name, ...settings } = config;
  return [{ ...rest, config: { name, batch_input_shape: shape, ...settings } }, ...written.slice(1)];
}

/**
 * The layers as Keras configures a model: a Sequential, or a Functional model where a layer reads more than
 * the one before it.
 */
export function writeModelConfig(written: readonly WrittenLayer[]): Record<string, unknown> {
  const name = 'character_model';
  const layers = written.map(({ className, config }) => ({ class_name: className, config }));
  if (isChain(written)) return { class_name: 'Sequential', config: { name, layers } };
  const node = (layer: string) => [layer, 0, 0];
  return {
    class_name: 'Functional',
    config: {
      name,
      layers: written.map(({ inputs, config }, i) => ({
        ...layers[i]!,
        name: config.name,
        inbound_nodes: inputs.length === 0 ? [] : [inputs.map((input) => [...node(input), {}])],
      })),
      input_layers: [node(written[0]!.config.name)],
      output_layers: [node(written.at(-1)!.config.name)],
    },
  };
}

function isChain(written: readonly WrittenLayer[]): boolean {
  return written.every(({ inputs }) => inputs.length < 2);
}

function inputLayer(shape: readonly (number | null)[]): WrittenLayer {
  const config = { name: INPUT, batch_input_shape: shape, dtype: 'float32', sparse: false, ragged: false };
  return { className: 'InputLayer', config, weights: [], inputs: [] };
}

class LayerWriter {
  readonly #options: WriteOptions;
  readonly #counts = new Map<string, number>();

  constructor(options: WriteOptions) {
    this.#options = options;
  }

  /** A residual layer becomes two: itself, and an `Add` of its input and its output. */
  writeAll(layers: readonly Layer[]): WrittenLayer[] {
    const isResidual = layers.some((layer) => 'residual' in layer);
    const written: WrittenLayer[] = [];
    for (const [i, layer] of layers.entries()) {
      const before = written.at(-1)?.config.name ?? (isResidual ? INPUT : undefined);
      const inputs = before === undefined ? [] : [before];
      const next = this.#write(layer, i === layers.length - 1);
      written.push({ ...next, inputs });
      if (!('residual' in layer)) continue;
      const name = `add_${this.#count('add')}`;
      const config = { name, trainable: true, dtype: 'float32' };
      written.push({ className: 'Add', config, weights: [], inputs: [...inputs, next.config.name] });
    }
    return written;
  }

  #write(layer: Layer, isLast: boolean): LayerAlone {
    // Models from before there were other layers have the plain names.
    const isPlain = layer.kind === 'embedding' || (layer.kind === 'dense' && isLast);
    const name = isPlain ? layer.kind : `${layer.kind}_${this.#count(layer.kind)}`;
    const tensor = (weight: string, shape: number[], values: Float32Array): Tensor => ({
      name: `${name}/${weight}`,
      shape,
      values,
    });
    const common = { name, trainable: true, dtype: 'float32' };
    switch (layer.kind) {
      case 'embedding': {
        const { rows, columns, matrix } = layer;
        return {
          className: 'Embedding',
          config: { ...common, input_dim: rows, output_dim: columns, mask_zero: false, input_length: null },
          weights: [tensor('embeddings', [rows, columns], matrix)],
        };
      }
      case 'lstm':
      case 'gru':
        return this.#recurrent(layer, name);
      case 'bidirectional': {
        // Keras names each half after the layer that it was made from.
        const forward = this.#recurrent(layer.forward, layer.forward.kind, `${name}/forward_`);
        const backward = this.#recurrent(layer.backward, layer.backward.kind, `${name}/backward_`);
        const isSame = JSON.stringify(backward.config) === JSON.stringify(forward.config);
        if (!isSame && this.#options.dialect === 'tensorflow.js') {
          throw this.#lacks('Bidirectional of two different layers');
        }
        const inner = { class_name: forward.className, config: forward.config };
        const other = { class_name: backward.className, config: { ...backward.config, go_backwards: true } };
        const halves = { layer: inner, ...(isSame ? {} : { backward_layer: other }) };
        return {
          className: 'Bidirectional',
          config: { ...common, ...halves, merge_mode: layer.merge },
          weights: [...forward.weights, ...backward.weights],
        };
      }
      case 'batch_normalization': {
        const { size, epsilon, gamma, beta, mean, variance } = layer;
        return {
          className: 'BatchNormalization',
          config: { ...common, axis: -1, momentum: 0.99, epsilon, center: true, scale: true },
          weights: [
            tensor('gamma', [size], gamma),
            tensor('beta', [size], beta),
            tensor('moving_mean', [size], mean),
            tensor('moving_variance', [size], variance),
          ],
        };
      }
      case 'dense': {
        const { units, inputSize, kernel, bias } = layer;
        const activation = this.#activation(layer.activation);
        return {
          className: 'Dense',
          config: { ...common, units, activation, use_bias: true },
          weights: [tensor('kernel', [inputSize, units], kernel), tensor('bias', [units], bias)],
        };
      }
      case 'activation': {
        const activation = this.#activation(layer.activation);
        return { className: 'Activation', config: { ...common, activation }, weights: [] };
      }
      case 'one_hot':
        throw unusable(this.#options.model, 'it reads ids elsewhere than at its beginning');
    }
  }

  #recurrent(layer: RecurrentLayer, name: string, prefix = ''): LayerAlone {
    const { dialect, reading } = this.#options;
    const { units, inputSize, kernel, recurrentKernel, bias } = layer;
    const isGru = layer.kind === 'gru';
    if (isGru && layer.resetAfter && dialect === 'tensorflow.js') throw this.#lacks('GRU with `reset_after`');
    const gates = (isGru ? 3 : 4) * units;
    const tensor = (weight: string, shape: number[], values: Float32Array): Tensor => ({
      name: `${prefix}${name}/${weight}`,
      shape,
      values,
    });
    return {
      className: isGru ? 'GRU' : 'LSTM',
      config: {
        ...{ name, trainable: true, units },
        activation: this.#activation(layer.activation),
        recurrent_activation: this.#activation(layer.recurrentActivation),
        use_bias: true,
        ...(isGru ? { reset_after: layer.resetAfter } : { unit_forget_bias: true }),
        ...{ dropout: 0, recurrent_dropout: 0, return_sequences: true, return_state: false },
        ...{
          go_backwards: false,
          stateful: dialect === 'keras2' && reading.kind === 'stateful',
          unroll: false,
        },
      },
      weights: [
        tensor('kernel', [inputSize, gates], kernel),
        tensor('recurrent_kernel', [units, gates], recurrentKernel),
        tensor('bias', isGru && layer.resetAfter ? [2, gates] : [gates], bias),
      ],
    };
  }

  #activation(activation: ActivationName): string {
    const written = activationIn(this.#options.dialect, activation);
    if (written === undefined) throw this.#lacks(`the activation ${activation}`);
    return written;
  }

  #lacks(what: string): Error {
    const { dialect, model } = this.#options;
    return unusable(model, `${DIALECT_NAMES[dialect]} has no ${what.replace(/^the /, '')}`);
  }

  #count(kind: string): number {
    const count = this.#counts.get(kind) ?? 0;
    this.#counts.set(kind, count + 1);
    return count;
  }
}
