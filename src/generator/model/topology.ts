/**
 * The layers of a model as Keras and TensorFlow.js write them down: a Sequential of one Embedding, LSTMs
 * and a softmax Dense. Reading refuses every setting under which our formulas would not be the model's.
 */
import type { Model } from './model.ts';
import { isRecord, unusable } from './model.ts';
import { plainLstmOf } from './plain-lstm.ts';

/** What there is to know of a topology; the names say which weights belong to which layer. */
export interface Topology {
  readonly embedding: { readonly name: string; readonly rows: number; readonly columns: number };
  readonly layers: readonly { readonly name: string; readonly units: number }[];
  readonly dense: { readonly name: string; readonly units: number };
}

/**
 * The topology of a model under our own layer names.
 *
 * @throws StoryError `model_unavailable` for a model that is no plain LSTM
 */
export function topologyOf(model: Model): Topology {
  const { embedding, lstms, dense } = plainLstmOf(model);
  return {
    embedding: { name: 'embedding', rows: embedding.rows, columns: embedding.columns },
    layers: lstms.map((layer, i) => ({ name: `lstm_${i}`, units: layer.units })),
    dense: { name: 'dense', units: dense.units },
  };
}

/** The `modelTopology` of a `model.json`. */
export function writeTopology({ embedding, layers, dense }: Topology): Record<string, unknown> {
  const first = {
    class_name: 'Embedding',
    config: {
      name: embedding.name,
      trainable: true,
      dtype: 'float32',
      batch_input_shape: [null, null],
      input_dim: embedding.rows,
      output_dim: embedding.columns,
      mask_zero: false,
      input_length: null,
    },
  };
  const recurrent = layers.map(({ name, units }) => ({
    class_name: 'LSTM',
    config: {
      name,
      trainable: true,
      units,
      activation: 'tanh',
      recurrent_activation: 'sigmoid',
      use_bias: true,
      unit_forget_bias: true,
      dropout: 0,
      recurrent_dropout: 0,
      return_sequences: true,
      return_state: false,
      go_backwards: false,
      stateful: false,
      unroll: false,
    },
  }));
  const last = {
    class_name: 'Dense',
    config: { name: dense.name, trainable: true, units: dense.units, activation: 'softmax', use_bias: true },
  };
  return {
    class_name: 'Sequential',
    config: { name: 'character_lstm', layers: [first, ...recurrent, last] },
    keras_version: 'tfjs-layers 4.22.0',
    backend: 'tensor_flow.js',
  };
}

type LayerConfig = Record<string, unknown> & { name: string };

/** Layers that change nothing when a model only reads and writes. */
const SILENT_LAYERS: readonly unknown[] = ['InputLayer', 'Dropout'];

/**
 * Reads a `modelTopology`.
 *
 * @param file how errors call the file that it is from
 */
export function readTopology(topology: unknown, file: string): Topology {
  const layers = sequentialLayers(topology, file).filter(
    (layer) => !SILENT_LAYERS.includes(layer.class_name),
  );
  const kinds = layers.map((layer) => String(layer.class_name));
  const [first, ...rest] = layers.map((layer) => configOf(layer, file));
  const last = rest.pop();
  const isCharacterLstm =
    kinds.length >= 3 &&
    kinds.every((kind, i) => kind === (i === 0 ? 'Embedding' : i === kinds.length - 1 ? 'Dense' : 'LSTM'));
  if (!isCharacterLstm || !first || !last) {
    throw unusable(
      file,
      `its layers are ${kinds.join(', ') || 'none'}; only Embedding, one or more LSTM, Dense can be run`,
    );
  }
  expect(first, 'mask_zero', [false, null, undefined], file);
  for (const layer of rest) {
    expect(layer, 'activation', ['tanh'], file);
    expect(layer, 'recurrent_activation', ['sigmoid'], file);
    expect(layer, 'use_bias', [true], file);
    expect(layer, 'go_backwards', [false, undefined], file);
  }
  // Without its softmax a Dense gives the same logits.
  expect(last, 'activation', ['softmax', 'linear'], file);
  expect(last, 'use_bias', [true], file);
  return {
    embedding: {
      name: first.name,
      rows: sizeOf(first, 'input_dim', file),
      columns: sizeOf(first, 'output_dim', file),
    },
    layers: rest.map((layer) => ({ name: layer.name, units: sizeOf(layer, 'units', file) })),
    dense: { name: last.name, units: sizeOf(last, 'units', file) },
  };
}

function sequentialLayers(topology: unknown, file: string): Record<string, unknown>[] {
  // Keras wraps the topology once more when it converts a model.
  const model = isRecord(topology) && isRecord(topology.model_config) ? topology.model_config : topology;
  if (!isRecord(model) || model.class_name !== 'Sequential') {
    throw unusable(file, 'its modelTopology is not a Sequential');
  }
  // Older Keras gives the list itself as the configuration.
  const layers = isRecord(model.config) ? model.config.layers : model.config;
  if (!Array.isArray(layers) || !layers.every(isRecord)) throw unusable(file, 'its Sequential has no layers');
  return layers;
}

function configOf(layer: Record<string, unknown>, file: string): LayerConfig {
  const config = layer.config;
  if (!isRecord(config) || typeof config.name !== 'string') {
    throw unusable(file, `its layer ${String(layer.class_name)} has no configuration or no name`);
  }
  return { ...config, name: config.name };
}

function expect(config: LayerConfig, setting: string, accepted: readonly unknown[], file: string): void {
  if (accepted.includes(config[setting])) return;
  throw unusable(
    file,
    `\`${setting}\` of its layer ${config.name} is ${JSON.stringify(config[setting])}, expected ${JSON.stringify(accepted[0])}`,
  );
}

function sizeOf(config: LayerConfig, setting: string, file: string): number {
  const size = config[setting];
  if (typeof size === 'number' && Number.isSafeInteger(size) && size > 0) return size;
  throw unusable(file, `\`${setting}\` of its layer ${config.name} is ${JSON.stringify(size)}`);
}
