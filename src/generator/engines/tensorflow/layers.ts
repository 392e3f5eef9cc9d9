/** A model's layers with their weights on the device, as functions of tensors. */
import * as tf from '@tensorflow/tfjs-core';
import { activate } from '../../model/activation-formulas.ts';
import { type RowLayer, scaleAndShift } from '../../model/float64.ts';
import { type GruLayer, type LstmLayer, type RecurrentLayer, stateCount } from '../../model/layers.ts';
import { columnsOf, inputBias, stackedKernel, type Table } from '../tabled-model.ts';
import { type Kernels, TENSORS } from './kernels.ts';

/** Recurrent states, [rows, units] each. */
export type States = readonly tf.Tensor2D[];

/**
 * The input of a recurrent layer: ids, for the first recurrent layer, which has a table of them, or the
 * output of the layer below.
 */
export type Source = { readonly ids: tf.Tensor1D } | { readonly inputs: tf.Tensor2D };

/** A layer without state: [rows, inputs] to [rows, outputs]. */
export type Row = (x: tf.Tensor2D) => tf.Tensor2D;

export interface Memory {
  readonly stateCount: number;
  /** The layer's outputs, given its inputs and its new hidden state. */
  output(source: Source, hidden: tf.Tensor2D): tf.Tensor2D;
  /** The states of rows that have read nothing. */
  freshStates(rows: number): tf.Tensor2D[];
  /** Reads one input for each row; returns the new states, the hidden one first. */
  step(source: Source, states: States): tf.Tensor2D[];
}

/** Uploads weights to the current backend, and disposes of them together. */
export class WeightsOnDevice {
  readonly #tensors: tf.Tensor[] = [];
  readonly #kernels: Kernels;

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
  }

  row(layer: RowLayer): Row {
    switch (layer.kind) {
      case 'dense': {
        const product = this.#affine(layer.kernel, layer.bias);
        return (x) => activate(TENSORS, layer.activation, product(x));
      }
      case 'batch_normalization': {
        const { scale, shift } = scaleAndShift(layer);
        const factors = this.#keep(tf.tensor1d(Float32Array.from(scale)));
        const addends = this.#keep(tf.tensor1d(Float32Array.from(shift)));
        return (x) => tf.add(tf.mul(x, factors), addends);
      }
      case 'activation':
        return (x) => activate(TENSORS, layer.activation, x);
    }
  }

  /** A table of logits. */
  table(table: Table): (ids: tf.Tensor1D) => tf.Tensor2D {
    const values = this.#matrix(table.values, table.columns);
    return (ids) => this.#kernels.lookUp({ table: values, ids });
  }

  /** @param table the ids' contribution to the layer's gates, for the first recurrent layer */
  memory(layer: RecurrentLayer, table: Table | undefined): Memory {
    const tabled = table && this.#matrix(table.values, table.columns);
    const count = stateCount(layer);
    return {
      stateCount: count,
      output: (source, hidden) => (layer.residual ? tf.add(inputsOf(source), hidden) : hidden),
      freshStates: (rows) => Array.from({ length: count }, () => tf.zeros([rows, layer.units])),
      step: layer.kind === 'lstm' ? this.#lstm(layer, tabled) : this.#gru(layer, tabled),
    };
  }

  dispose(): void {
    tf.dispose(this.#tensors);
  }

  #lstm(layer: LstmLayer, table: tf.Tensor2D | undefined): Memory['step'] {
    const { units } = layer;
    let gatesOf: (source: Source, hidden: tf.Tensor2D) => tf.Tensor2D;
    if (table) {
      const kernel = this.#matrix(layer.recurrentKernel, 4 * units);
      gatesOf = (_, hidden) => tf.matMul(hidden, kernel);
    } else {
      const product = this.#affine(stackedKernel(layer), layer.bias);
      gatesOf = (source, hidden) => product(tf.concat2d([inputsOf(source), hidden], 1));
    }
    return (source, [hidden, cell]) => {
      const lookup = table && 'ids' in source ? { table, ids: source.ids } : undefined;
      const next = this.#kernels.lstmCell(gatesOf(source, hidden!), cell!, lookup, layer);
      return [next.hidden, next.cell];
    };
  }

  #gru(layer: GruLayer, table: tf.Tensor2D | undefined): Memory['step'] {
    const { units, recurrentKernel, activation, recurrentActivation } = layer;
    const ofInputs = table ? undefined : this.#affine(layer.kernel, inputBias(layer));
    const gatesOfInputs = (source: Source) =>
      table && 'ids' in source
        ? this.#kernels.lookUp({ table, ids: source.ids })
        : ofInputs!(inputsOf(source));
    const gate = (a: tf.Tensor2D, b: tf.Tensor2D) => activate(TENSORS, recurrentActivation, tf.add(a, b));
    const next = (update: tf.Tensor2D, hidden: tf.Tensor2D, before: tf.Tensor2D) => {
      const candidate = activate(TENSORS, activation, before);
      const replaced = tf.mul(tf.sub(1, update), candidate);
      return [tf.add(tf.mul(update, hidden), replaced) as tf.Tensor2D];
    };
    if (layer.resetAfter) {
      const ofState = this.#affine(recurrentKernel, layer.bias.subarray(3 * units));
      return (source, [hidden]) => {
        const [updateX, resetX, candidateX] = split(gatesOfInputs(source), 3);
        const [updateH, resetH, candidateH] = split(ofState(hidden!), 3);
        const reset = tf.mul(gate(resetX!, resetH!), candidateH!);
        return next(gate(updateX!, updateH!), hidden!, tf.add(candidateX!, reset));
      };
    }
    const gatesKernel = this.#matrix(columnsOf(recurrentKernel, units, 0, 2), 2 * units);
    const candidateKernel = this.#matrix(columnsOf(recurrentKernel, units, 2, 3), units);
    return (source, [hidden]) => {
      const [updateX, resetX, candidateX] = split(gatesOfInputs(source), 3);
      const [updateH, resetH] = split(tf.matMul(hidden!, gatesKernel), 2);
      const reset = tf.mul(gate(resetX!, resetH!), hidden!) as tf.Tensor2D;
      return next(gate(updateX!, updateH!), hidden!, tf.add(candidateX!, tf.matMul(reset, candidateKernel)));
    };
  }

  /** x kernel + bias, as one operation. */
  #affine(kernel: Float32Array, bias: Float32Array): Row {
    const [b, columns] = [this.#matrix(kernel, bias.length), this.#keep(tf.tensor1d(bias))];
    return (a) => tf.fused.matMul({ a, b, bias: columns }) as tf.Tensor2D;
  }

  #matrix(values: Float32Array, columns: number): tf.Tensor2D {
    return this.#keep(tf.tensor2d(values, [values.length / columns, columns]));
  }

  #keep<T extends tf.Tensor>(tensor: T): T {
    this.#tensors.push(tensor);
    return tensor;
  }
}

function inputsOf(source: Source): tf.Tensor2D {
  if ('inputs' in source) return source.inputs;
  throw new TypeError('Expected the outputs of a layer below, got ids.');
}

function split(x: tf.Tensor2D, parts: number): tf.Tensor2D[] {
  return tf.split(x, parts, 1) as tf.Tensor2D[];
}
