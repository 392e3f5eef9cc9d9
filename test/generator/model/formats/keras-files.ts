/**
 * Keras files built from the format: what `save_weights_to_hdf5_group` and `saving_lib` store and where,
 * without any code of the sources.
 */
import { zipSync } from 'fflate';
import { type File, FS, type Group, File as Hdf5File, ready } from 'h5wasm';
import { uniformAt } from '../../../../src/generator/sampler.ts';

export interface KerasWeight {
  /** As in the `weight_names` of Keras 2: `lstm_1/kernel:0`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
  /** The path below the layer in Keras 3: `cell/vars/0`. */
  readonly path: string;
}

export interface KerasLayer {
  readonly class_name: string;
  readonly config: Record<string, unknown> & { name: string };
  readonly weights: readonly KerasWeight[];
}

/** Random numbers between -0.5 and 0.5 that depend on the seed. */
export function randomWeights(seed: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => uniformAt(seed, i, 0) - 0.5);
}

let seed = 1_000;

function weight(name: string, shape: readonly number[], path: string): KerasWeight {
  const length = shape.reduce((product, size) => product * size, 1);
  return { name, shape, values: randomWeights(seed++, length), path };
}

/** The first layer of a model that reads ids. */
export function embedding(rows: number, columns: number, window: number | null): KerasLayer {
  return {
    class_name: 'Embedding',
    config: {
      ...{ name: 'embedding_1', trainable: true, dtype: 'float32' },
      ...{ batch_input_shape: [null, window], input_dim: rows, output_dim: columns },
      ...{ mask_zero: false, input_length: window },
    },
    weights: [weight('embedding_1/embeddings:0', [rows, columns], 'vars/0')],
  };
}

export interface RecurrentOptions {
  readonly activation?: string;
  readonly recurrentActivation?: string;
  readonly settings?: Record<string, unknown>;
  /** The scope between the layer's name and the weight's: empty in Keras 2.1, the cell in later versions. */
  readonly scope?: string;
  readonly bias?: boolean;
}

export function lstm(
  name: string,
  inputs: number,
  units: number,
  options: RecurrentOptions = {},
): KerasLayer {
  return recurrent('LSTM', name, inputs, units, options);
}

export function gru(name: string, inputs: number, units: number, options: RecurrentOptions = {}): KerasLayer {
  return recurrent('GRU', name, inputs, units, options);
}

function recurrent(
  className: 'LSTM' | 'GRU',
  name: string,
  inputs: number,
  units: number,
  options: RecurrentOptions,
): KerasLayer {
  const { activation = 'tanh', recurrentActivation = 'hard_sigmoid', settings = {}, bias = true } = options;
  const gates = (className === 'LSTM' ? 4 : 3) * units;
  const scope = `${name}/${options.scope === undefined ? '' : `${options.scope}/`}`;
  const weights = [
    weight(`${scope}kernel:0`, [inputs, gates], 'cell/vars/0'),
    weight(`${scope}recurrent_kernel:0`, [units, gates], 'cell/vars/1'),
  ];
  const shape = settings.reset_after === true ? [2, gates] : [gates];
  if (bias) weights.push(weight(`${scope}bias:0`, shape, 'cell/vars/2'));
  return {
    class_name: className,
    config: {
      ...{ name, trainable: true, return_sequences: true, return_state: false, go_backwards: false },
      ...{ stateful: false, unroll: false, units, activation, recurrent_activation: recurrentActivation },
      ...{ use_bias: bias, dropout: 0, recurrent_dropout: 0, implementation: 1, ...settings },
    },
    weights,
  };
}

/**
 * `names` puts the half's scope before a weight's name; before Keras 2.1 TensorFlow numbered the weights
 * instead.
 */
export function bidirectional(
  name: string,
  inner: KerasLayer,
  merge: string,
  names: (half: 'forward' | 'backward', weight: string) => string = (half, rest) =>
    `${name}/${half}_${inner.config.name}/${rest}`,
): KerasLayer {
  const half = (which: 'forward' | 'backward') =>
    inner.weights.map(({ name: plain, shape, path }) =>
      weight(names(which, plain.slice(plain.indexOf('/') + 1)), shape, `${which}_layer/${path}`),
    );
  return {
    class_name: 'Bidirectional',
    config: {
      ...{ name, trainable: true, merge_mode: merge },
      layer: { class_name: inner.class_name, config: inner.config },
    },
    weights: [...half('forward'), ...half('backward')],
  };
}

export function batchNormalization(
  name: string,
  size: number,
  settings: Record<string, unknown> = {},
): KerasLayer {
  const names = [
    ...(settings.scale === false ? [] : ['gamma']),
    ...(settings.center === false ? [] : ['beta']),
    ...['moving_mean', 'moving_variance'],
  ];
  const weights = names.map((one, i) => weight(`${name}/${one}:0`, [size], `vars/${i}`));
  // A variance is not negative.
  for (let i = 0; i < size; i++) weights.at(-1)!.values[i]! += 1;
  return {
    class_name: 'BatchNormalization',
    config: {
      ...{
        name,
        trainable: true,
        axis: -1,
        momentum: 0.99,
        epsilon: 0.001,
        center: true,
        scale: true,
        ...settings,
      },
    },
    weights,
  };
}

export function dense(name: string, inputs: number, units: number, activation: string): KerasLayer {
  return {
    class_name: 'Dense',
    config: { name, trainable: true, units, activation, use_bias: true },
    weights: [
      weight(`${name}/kernel:0`, [inputs, units], 'vars/0'),
      weight(`${name}/bias:0`, [units], 'vars/1'),
    ],
  };
}

export function timeDistributed(name: string, inner: KerasLayer): KerasLayer {
  return {
    class_name: 'TimeDistributed',
    config: { name, trainable: true, layer: { class_name: inner.class_name, config: inner.config } },
    weights: inner.weights.map((one) => ({
      ...one,
      name: `${name}/${one.name.slice(one.name.lastIndexOf('/') + 1)}`,
      path: `layer/${one.path}`,
    })),
  };
}

export function plain(className: string, name: string, settings: Record<string, unknown> = {}): KerasLayer {
  return { class_name: className, config: { name, trainable: true, ...settings }, weights: [] };
}

/** A small version of the ancestor's network: three LSTMs with ReLU and hard sigmoid, on windows of 50. */
export function ancestorLayers(characters: number, columns = 5, units = 6): KerasLayer[] {
  const relu: RecurrentOptions = { activation: 'relu' };
  return [
    embedding(characters, columns, 50),
    lstm('lstm_1', columns, units, relu),
    lstm('lstm_2', units, units, relu),
    lstm('lstm_3', units, units, relu),
    batchNormalization('batch_normalization_1', units),
    plain('Dropout', 'dropout_1', { rate: 0.2, noise_shape: null, seed: null }),
    timeDistributed('time_distributed_1', dense('dense_1', units, characters, 'linear')),
    plain('Activation', 'activation_1', { activation: 'softmax' }),
  ];
}

export interface Hdf5Options {
  readonly version?: string;
  /** How texts are stored: h5py's variable ones, numpy's fixed ones, or those of newer versions in UTF-8. */
  readonly texts?: 'variable' | 'fixed' | 'utf8';
  /** The content of `model_config` instead of the list of layers. */
  readonly config?: unknown;
  /** Last changes to the file. */
  readonly change?: (file: File) => void;
}

/** A whole-model file of Keras 2. */
export async function kerasHdf5(
  layers: readonly KerasLayer[],
  options: Hdf5Options = {},
): Promise<Uint8Array> {
  const { version = '2.1.5', texts = 'variable' } = options;
  const configs = layers.map(({ class_name, config }) => ({ class_name, config }));
  const config = options.config ?? { class_name: 'Sequential', config: configs };
  return hdf5File((file) => {
    const write = (group: Group, name: string, value: string | string[]) => {
      const list = typeof value === 'string' ? [value] : value;
      if (list.length === 0) return group.create_attribute(name, new Float64Array(), [0]);
      const length = Math.max(...list.map((text) => Buffer.byteLength(text)));
      const dtype = { variable: 'A', fixed: `A${length}`, utf8: 'S' }[texts];
      return group.create_attribute(name, list, typeof value === 'string' ? [] : [list.length], dtype);
    };
    write(file, 'keras_version', version);
    write(file, 'backend', 'tensorflow');
    write(file, 'model_config', typeof config === 'string' ? config : JSON.stringify(config));
    const group = file.create_group('model_weights') as Group;
    write(group, 'backend', 'tensorflow');
    write(
      group,
      'layer_names',
      layers.map((layer) => layer.config.name),
    );
    for (const layer of layers) {
      const own = group.create_group(layer.config.name) as Group;
      write(
        own,
        'weight_names',
        layer.weights.map(({ name }) => name),
      );
      for (const { name, shape, values } of layer.weights) writeArray(own, name, shape, values);
    }
    options.change?.(file);
  });
}

/** A `.keras` file of Keras 3; `folders` are the layers' names in the weights file. */
export async function kerasArchive(
  layers: readonly (KerasLayer & { readonly folder?: string })[],
  options: { readonly version?: string; readonly root?: string; readonly config?: unknown } = {},
): Promise<{ files: Record<string, Uint8Array>; bytes: Uint8Array }> {
  const { version = '3.3.3', root = 'layers' } = options;
  const configs = layers.map(({ class_name, config }) => ({
    ...{ module: 'keras.layers', class_name, config, registered_name: null },
  }));
  const config = options.config ?? {
    ...{ module: 'keras', class_name: 'Sequential', config: { name: 'sequential', layers: configs } },
    registered_name: null,
  };
  const weights = await hdf5File((file) => {
    file.create_group('vars');
    for (const { folder, weights: list } of layers) {
      for (const { path, shape, values } of list)
        writeArray(file, `${root}/${folder}/${path}`, shape, values);
    }
  });
  const encode = (json: unknown) => new TextEncoder().encode(JSON.stringify(json));
  const files = {
    'metadata.json': encode({ keras_version: version, date_saved: '2026-01-01@00:00:00' }),
    'config.json': encode(config),
    'model.weights.h5': weights,
  };
  return { files, bytes: zipSync(files, { level: 0 }) };
}

/** The bytes of an HDF5 file. */
export async function hdf5File(write: (file: File) => void): Promise<Uint8Array> {
  await ready;
  const file = new Hdf5File('test.h5', 'w');
  write(file);
  file.flush();
  file.close();
  const bytes = FS!.readFile('test.h5');
  FS!.unlink('test.h5');
  return bytes;
}

function writeArray(group: Group, name: string, shape: readonly number[], values: Float32Array): void {
  const steps = name.split('/');
  for (let depth = 1; depth < steps.length; depth++) {
    const path = steps.slice(0, depth).join('/');
    if (group.get(path) === null) group.create_group(path);
  }
  group.create_dataset({ name, data: values, shape: [...shape], dtype: '<f' });
}
