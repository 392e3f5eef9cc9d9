/** Describes a model's layers, for its card and for commands. No `node:` imports. */

import { idsPerCharacter, refreshPeriod } from '../reading.ts';
import { type Layer, outputSize, type RecurrentLayer, weightsOf } from './layers.ts';
import type { Reading } from './model.ts';

export interface LayerDescription {
  /** `LSTM of 500, relu and hard_sigmoid` */
  readonly text: string;
  /** Numbers of inputs and outputs for each character. */
  readonly inputs: number;
  readonly outputs: number;
  readonly parameters: number;
}

export function describeLayers(layers: readonly Layer[]): LayerDescription[] {
  let size = 1;
  return layers.map((layer) => {
    const inputs = size;
    size = outputSize(layer, size);
    const parameters = weightsOf(layer).reduce((sum, weights) => sum + weights.length, 0);
    return { text: textOf(layer), inputs, outputs: size, parameters };
  });
}

function textOf(layer: Layer): string {
  switch (layer.kind) {
    case 'embedding':
      return `Embedding of ${layer.columns}`;
    case 'one_hot':
      return 'one-hot';
    case 'lstm':
    case 'gru':
      return recurrentText(layer);
    case 'bidirectional':
      return `Bidirectional (${layer.merge}) ${recurrentText(layer.forward)}`;
    case 'batch_normalization':
      return 'BatchNormalization';
    case 'dense':
      return `Dense of ${layer.units}${layer.activation === 'linear' ? '' : `, ${layer.activation}`}`;
    case 'activation':
      return `Activation ${layer.activation}`;
  }
}

function recurrentText(layer: RecurrentLayer): string {
  const name = layer.kind === 'lstm' ? 'LSTM' : `GRU${layer.resetAfter ? ' (reset after)' : ''}`;
  const prefix = layer.residual ? 'residual ' : '';
  return `${prefix}${name} of ${layer.units}, ${layer.activation} and ${layer.recurrentActivation}`;
}

/** One line for all layers: `Embedding of 64, 2 x LSTM of 512, tanh and sigmoid; Dense of 97`. */
export function kindOf(layers: readonly Layer[]): string {
  const runs: { text: string; count: number }[] = [];
  for (const layer of layers) {
    const text = textOf(layer);
    const last = runs.at(-1);
    if (last?.text === text) last.count += 1;
    else runs.push({ text, count: 1 });
  }
  return runs.map(({ text, count }) => (count === 1 ? text : `${count} x ${text}`)).join('; ');
}

/** The cost of running a model. */
export interface Cost {
  /** Passes through all layers for each character. */
  readonly steps: number;
  /** Multiplications and additions for each character, in matrix products only. */
  readonly operations: number;
  /** The reason for more than one step; empty for one. */
  readonly reason: string;
}

/** The cost of each way of serving in reading.ts. */
export function costOf(layers: readonly Layer[], reading: Reading): Cost {
  const products = layers.reduce((sum, layer) => sum + productsOf(layer), 0);
  const operations = (steps: number) => 2 * products * steps;
  if (reading.kind === 'stateful') return { steps: 1, operations: operations(1), reason: '' };
  const { characters } = reading;
  const period = refreshPeriod(characters);
  if (layers.some(({ kind }) => kind === 'bidirectional')) {
    return {
      steps: characters,
      operations: operations(characters),
      reason: `it reads backwards too, so the whole window of ${characters} is read again for each character`,
    };
  }
  const steps = idsPerCharacter({ kind: 'refreshed', characters });
  return {
    steps: Math.round(steps * 100) / 100,
    operations: operations(steps),
    reason: `it was trained on windows of ${characters}, so every ${period} characters its state is cleared and the last ${characters - period} are read again`,
  };
}

/** Weights that are multiplied for each character: looking up a row of an embedding is no product. */
function productsOf(layer: Layer): number {
  switch (layer.kind) {
    case 'lstm':
    case 'gru':
      return layer.kernel.length + layer.recurrentKernel.length;
    case 'bidirectional':
      return productsOf(layer.forward) + productsOf(layer.backward);
    case 'dense':
      return layer.kernel.length;
    default:
      return 0;
  }
}

/** `stateful`, or `windows of 50 characters`. */
export function readingText(reading: Reading): string {
  return reading.kind === 'stateful'
    ? 'stateful: the state is carried on'
    : `windows of ${reading.characters} characters`;
}
