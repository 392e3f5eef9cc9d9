/** Converts trained weights to a model that is saved and served, and back. */
import * as tf from '@tensorflow/tfjs-core';
import { StoryError } from '../../errors.ts';
import {
  type BatchNormalizationLayer,
  type DenseLayer,
  type EmbeddingLayer,
  type Layer,
  outputSize,
  type RecurrentLayer,
  weightsOf as weightsOfLayer,
} from '../../generator/model/layers.ts';
import type { Model } from '../../generator/model/model.ts';
import type { Vocabulary } from '../../generator/vocabulary.ts';
import { CELLS } from './cells.ts';
import {
  type Architecture,
  BATCH_NORMALIZATION,
  DENSE_BIAS,
  DENSE_KERNEL,
  EMBEDDING,
  type TrainableNetwork,
} from './network.ts';
import {
  BATCH_NORMALIZATION_EPSILON,
  batchNormalizationNames,
  type RecurrentNames,
  type Weights,
} from './stages.ts';

/** A model's metadata. */
export interface TrainedModelOptions {
  readonly vocabulary: Vocabulary;
  /** Steps of the windows that a bidirectional network was trained on. */
  readonly steps: number;
  readonly metadata: Model['metadata'];
}

/** The weights as a model that every engine can read. */
export async function toModel(
  network: TrainableNetwork,
  weights: Weights,
  { vocabulary, steps, metadata }: TrainedModelOptions,
): Promise<Model> {
  const { units, embedding, bidirectional, batchNormalization } = network.architecture;
  const values = new Map<string, Float32Array>();
  for (const [name, tensor] of weights) values.set(name, (await tensor.data()) as Float32Array);
  const get = (name: string) => values.get(name)!;
  const layers: Layer[] = [
    { kind: 'embedding', rows: vocabulary.size, columns: embedding, matrix: get(EMBEDDING) },
  ];
  let inputSize = embedding;
  const add = (layer: Layer) => {
    layers.push(layer);
    inputSize = outputSize(layer, inputSize);
  };
  for (const [layer, size] of units.entries()) {
    const isResidual = network.architecture.residual === true && layer > 0;
    const halves = network
      .recurrentNames(layer)
      .map((names) => recurrentLayer(network.architecture, names, get, size, inputSize, isResidual));
    const [forward, backward] = halves;
    add(backward ? { kind: 'bidirectional', forward: forward!, backward, merge: 'concat' } : forward!);
  }
  if (batchNormalization) add(batchNormalizationLayer(get, inputSize));
  add({
    kind: 'dense',
    units: vocabulary.size,
    inputSize,
    activation: 'linear',
    kernel: get(DENSE_KERNEL),
    bias: get(DENSE_BIAS),
  });
  return {
    name: 'trained',
    version: '000000000000',
    vocabulary,
    layers,
    reading: bidirectional ? { kind: 'window', characters: steps } : { kind: 'stateful' },
    metadata,
  };
}

/**
 * The architecture of a model's weights.
 *
 * @throws StoryError `bad_request` for a model that this trainer cannot produce
 */
export function architectureOf(model: Model, dropout: number): Architecture {
  const { embedding, recurrent, batchNormalization } = partsOf(model);
  const [first] = recurrent;
  const half = first!.kind === 'bidirectional' ? first!.forward : first!;
  return {
    cell: half.kind,
    units: recurrent.map((layer) => (layer.kind === 'bidirectional' ? layer.forward : layer).units),
    embedding: embedding.columns,
    dropout,
    ...(isResidual(recurrent[1]) ? { residual: true } : {}),
    bidirectional: first!.kind === 'bidirectional',
    batchNormalization: batchNormalization !== undefined,
  };
}

/** A model's weights, to continue training from. The inverse of `toModel`. */
export function weightsOf(network: TrainableNetwork, model: Model): Weights {
  const { embedding, recurrent, batchNormalization, dense } = partsOf(model);
  const weights = new Map<string, tf.Tensor>();
  weights.set(EMBEDDING, tf.tensor2d(embedding.matrix, [embedding.rows, embedding.columns]));
  for (const [layer, given] of recurrent.entries()) {
    const halves = given.kind === 'bidirectional' ? [given.forward, given.backward] : [given];
    for (const [i, names] of network.recurrentNames(layer).entries()) {
      const { kind, units, inputSize, kernel, recurrentKernel, bias } = halves[i]!;
      const columns = CELLS[kind].gates * units;
      weights.set(names[0], tf.tensor2d(kernel, [inputSize, columns]));
      weights.set(names[1], tf.tensor2d(recurrentKernel, [units, columns]));
      weights.set(names[2], tf.tensor1d(bias));
    }
  }
  if (batchNormalization) {
    const names = Object.values(batchNormalizationNames(BATCH_NORMALIZATION));
    for (const [i, values] of weightsOfLayer(batchNormalization).entries()) {
      weights.set(names[i]!, tf.tensor1d(values));
    }
  }
  weights.set(DENSE_KERNEL, tf.tensor2d(dense.kernel, [dense.inputSize, dense.units]));
  weights.set(DENSE_BIAS, tf.tensor1d(dense.bias));
  return weights;
}

function recurrentLayer(
  { cell }: Architecture,
  [kernel, recurrent, bias]: RecurrentNames,
  get: (name: string) => Float32Array,
  units: number,
  inputSize: number,
  isResidual: boolean,
): RecurrentLayer {
  const common = {
    units,
    inputSize,
    activation: 'tanh',
    recurrentActivation: 'sigmoid',
    kernel: get(kernel),
    recurrentKernel: get(recurrent),
    bias: get(bias),
    ...(isResidual ? { residual: true as const } : {}),
  } as const;
  return cell === 'lstm' ? { kind: 'lstm', ...common } : { kind: 'gru', resetAfter: true, ...common };
}

function batchNormalizationLayer(get: (name: string) => Float32Array, size: number): BatchNormalizationLayer {
  const { gamma, beta, mean, variance } = batchNormalizationNames(BATCH_NORMALIZATION);
  return {
    ...{ kind: 'batch_normalization', size, epsilon: BATCH_NORMALIZATION_EPSILON },
    ...{ gamma: get(gamma), beta: get(beta), mean: get(mean), variance: get(variance) },
  };
}

interface Parts {
  readonly embedding: EmbeddingLayer;
  readonly recurrent: readonly (Layer & { kind: 'lstm' | 'gru' | 'bidirectional' })[];
  readonly batchNormalization: BatchNormalizationLayer | undefined;
  readonly dense: DenseLayer;
}

function partsOf(model: Model): Parts {
  const [embedding, ...between] = model.layers;
  const dense = between.pop();
  const last = between.at(-1);
  const batchNormalization = last?.kind === 'batch_normalization' ? last : undefined;
  const recurrent = between.slice(0, batchNormalization ? -1 : undefined);
  const isOurs =
    embedding?.kind === 'embedding' &&
    dense?.kind === 'dense' &&
    dense.activation === 'linear' &&
    (batchNormalization?.epsilon ?? BATCH_NORMALIZATION_EPSILON) === BATCH_NORMALIZATION_EPSILON &&
    recurrent.length > 0 &&
    recurrent.every(isTrainable) &&
    recurrent.every((layer) => shapeOf(layer) === shapeOf(recurrent[0]!)) &&
    recurrent.slice(1).every((layer) => isResidual(layer) === isResidual(recurrent[1])) &&
    (model.reading.kind === 'window') === (recurrent[0]!.kind === 'bidirectional');
  if (!isOurs) {
    const kinds = model.layers.map(({ kind }) => kind).join(', ');
    throw new StoryError(
      'bad_request',
      `Training cannot go on from the model ${model.name} (${kinds}): it needs an embedding, LSTMs or GRUs with Keras's ` +
        'usual activations that all read one way or all read both, all but the first residual or none, perhaps batch ' +
        'normalisation, and a softmax.',
    );
  }
  return { embedding, dense, batchNormalization, recurrent: recurrent as Parts['recurrent'] };
}

function isTrainable(layer: Layer): boolean {
  if (layer.kind === 'bidirectional') {
    return (
      layer.merge === 'concat' &&
      layer.forward.units === layer.backward.units &&
      layer.forward.kind === layer.backward.kind &&
      [layer.forward, layer.backward].every(isTrainable)
    );
  }
  return (
    (layer.kind === 'lstm' || (layer.kind === 'gru' && layer.resetAfter)) &&
    layer.activation === 'tanh' &&
    layer.recurrentActivation === 'sigmoid'
  );
}

function isResidual(layer: Layer | undefined): boolean {
  return layer !== undefined && 'residual' in layer;
}

/** The properties that all recurrent layers of a network share. */
function shapeOf(layer: Layer): string {
  return layer.kind === 'bidirectional' ? `both ways ${layer.forward.kind}` : layer.kind;
}
