/**
 * A model as engines run it. The output of the layers below the first recurrent one depends on the id alone,
 * and so does its product with that layer's kernel: it is one row of a table, summed in float64 and rounded
 * once, which is more exact than products at run time.
 */
import { affine, applyRowLayer, isRowLayer, type RowLayer } from '../model/float64.ts';
import type { BidirectionalLayer, EmbeddingLayer, OneHotLayer, RecurrentLayer } from '../model/layers.ts';
import type { Model } from '../model/model.ts';

/** A layer whose outputs depend on earlier inputs. */
export type MemoryLayer = RecurrentLayer | BidirectionalLayer;

export interface Table {
  readonly columns: number;
  /** [vocabulary size, columns] */
  readonly values: Float32Array;
}

export interface TabledModel {
  /** Each id's contribution to the gates of the first layer: its product with the kernel, plus the bias. */
  readonly table: Table;
  /** The same for the backward half, where the first layer is bidirectional. */
  readonly backwardTable: Table | undefined;
  /** From the first recurrent layer up. Empty where there is none: then the table holds the logits. */
  readonly layers: readonly (MemoryLayer | RowLayer)[];
}

export function tabled({ layers, vocabulary }: Pick<Model, 'layers' | 'vocabulary'>): TabledModel {
  const [input, ...rest] = layers;
  if (input?.kind !== 'embedding' && input?.kind !== 'one_hot') {
    throw new TypeError(`Expected the first layer to read ids, got ${input?.kind ?? 'none'}.`);
  }
  const foundAt = rest.findIndex((layer) => !isRowLayer(layer));
  const below = rest.slice(0, foundAt < 0 ? rest.length : foundAt) as RowLayer[];
  const first = rest[foundAt] as MemoryLayer | undefined;
  if (first && 'residual' in first) {
    throw new TypeError('Expected the first recurrent layer not to be residual.');
  }
  const rowOf = (id: number) => below.reduce((row, layer) => applyRowLayer(layer, row), vectorOf(input, id));
  const tableFor = (layer: RecurrentLayer) => tableOf(vocabulary.size, (id) => gatesOf(layer, rowOf(id)));
  if (!first) return { table: tableOf(vocabulary.size, rowOf), backwardTable: undefined, layers: [] };
  const above = rest.slice(foundAt) as TabledModel['layers'];
  return first.kind === 'bidirectional'
    ? { table: tableFor(first.forward), backwardTable: tableFor(first.backward), layers: above }
    : { table: tableFor(first), backwardTable: undefined, layers: above };
}

function vectorOf(layer: EmbeddingLayer | OneHotLayer, id: number): Float64Array {
  if (layer.kind === 'embedding') {
    return Float64Array.from(layer.matrix.subarray(id * layer.columns, (id + 1) * layer.columns));
  }
  const vector = new Float64Array(layer.size);
  vector[id] = 1;
  return vector;
}

/** An input's contribution to a layer's gates. */
function gatesOf(layer: RecurrentLayer, row: Float64Array): Float64Array {
  return affine(row, { kernel: layer.kernel, bias: inputBias(layer) });
}

/** The bias of a layer's inputs: a GRU with `resetAfter` has a second one for its state. */
export function inputBias(layer: RecurrentLayer): Float32Array {
  return layer.kind === 'gru' && layer.resetAfter ? layer.bias.subarray(0, 3 * layer.units) : layer.bias;
}

/**
 * The kernel for inputs above the one for the hidden state: [inputSize + units, gates], for a product with [x
 * h].
 */
export function stackedKernel({ kernel, recurrentKernel }: RecurrentLayer): Float32Array {
  const stacked = new Float32Array(kernel.length + recurrentKernel.length);
  stacked.set(kernel);
  stacked.set(recurrentKernel, kernel.length);
  return stacked;
}

/** The columns of some gates of a recurrent kernel: [units, (to - from) * units]. */
export function columnsOf(kernel: Float32Array, units: number, from: number, to: number): Float32Array {
  const [all, wanted] = [kernel.length / units, (to - from) * units];
  const columns = new Float32Array(units * wanted);
  for (let row = 0; row < units; row++) {
    columns.set(kernel.subarray(row * all + from * units, row * all + to * units), row * wanted);
  }
  return columns;
}

/** Computed row by row: all rows of a one-hot input at once would take the square of the vocabulary's size. */
function tableOf(size: number, rowOf: (id: number) => Float64Array): Table {
  const columns = rowOf(0).length;
  const values = new Float32Array(size * columns);
  for (let id = 0; id < size; id++) values.set(rowOf(id), id * columns);
  return { columns, values };
}
