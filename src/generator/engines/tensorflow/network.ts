/** The model's weights as tensors of a backend, and one step of the network. */
import * as tf from '@tensorflow/tfjs-core';
import type { Model } from '../../model/model.ts';
import { type PlainLstm, plainLstmOf } from '../../model/plain-lstm.ts';
import type { Kernels } from './kernels.ts';

/** One layer's recurrent state, [rows, units] each. */
export type LayerState = {
  readonly hidden: tf.Tensor2D;
  readonly cell: tf.Tensor2D;
};

interface Layer {
  readonly units: number;
  /** What the hidden states below and of this layer are multiplied by; the first layer's has only its own. */
  readonly kernel: tf.Tensor2D;
  /** [4 * units]; the first layer has it in its lookup table. */
  readonly bias: tf.Tensor1D | undefined;
}

export class Network {
  readonly #layers: readonly Layer[];
  /** Embedding, times the first layer's kernel, plus its bias: what each id brings to that layer's gates. */
  readonly #table: tf.Tensor2D;
  readonly #denseKernel: tf.Tensor2D;
  readonly #denseBias: tf.Tensor1D;
  readonly #kernels: Kernels;

  /** The backend must be the current one. */
  constructor(model: Model, kernels: Kernels) {
    this.#kernels = kernels;
    const plain = plainLstmOf(model);
    const { embedding, lstms: layers, dense } = plain;
    const size = model.vocabulary.size;
    const first = layers[0]!;
    this.#table = tf.tensor2d(lookupTable(plain), [embedding.rows, 4 * first.units]);
    this.#layers = layers.map(({ units, inputSize, kernel, recurrentKernel, bias }, i) => {
      if (i === 0) {
        return { units, kernel: tf.tensor2d(recurrentKernel, [units, 4 * units]), bias: undefined };
      }
      const both = new Float32Array(kernel.length + recurrentKernel.length);
      both.set(kernel);
      both.set(recurrentKernel, kernel.length);
      return {
        units,
        kernel: tf.tensor2d(both, [inputSize + units, 4 * units]),
        bias: tf.tensor1d(bias),
      };
    });
    this.#denseKernel = tf.tensor2d(dense.kernel, [dense.kernel.length / size, size]);
    this.#denseBias = tf.tensor1d(dense.bias);
  }

  /** The state of `rows` rows that have read nothing. */
  zeroStates(rows: number): LayerState[] {
    return this.#layers.map(({ units }) => ({
      hidden: tf.zeros([rows, units]),
      cell: tf.zeros([rows, units]),
    }));
  }

  /**
   * Reads one id in each row. To be called inside `tf.tidy`.
   *
   * @param ids [rows], int32
   * @param states each layer's, of as many rows
   * @returns new states; those that were given are left alone
   */
  step(ids: tf.Tensor1D, states: readonly LayerState[]): LayerState[] {
    const next: LayerState[] = [];
    this.#layers.forEach(({ kernel, bias }, i) => {
      const { hidden, cell } = states[i]!;
      const below = next[i - 1]?.hidden;
      const gates =
        below && bias
          ? tf.fused.matMul({ a: tf.concat2d([below, hidden], 1), b: kernel, bias })
          : tf.matMul(hidden, kernel);
      next.push(
        this.#kernels.lstmCell(gates as tf.Tensor2D, cell, below ? undefined : { table: this.#table, ids }),
      );
    });
    return next;
  }

  /** Unnormalised log-probabilities of what follows: [rows, vocabulary size]. */
  logits(states: readonly LayerState[]): tf.Tensor2D {
    const { hidden } = states.at(-1)!;
    return tf.fused.matMul({ a: hidden, b: this.#denseKernel, bias: this.#denseBias }) as tf.Tensor2D;
  }

  dispose(): void {
    tf.dispose([this.#table, this.#denseKernel, this.#denseBias]);
    for (const { kernel, bias } of this.#layers) tf.dispose(bias ? [kernel, bias] : [kernel]);
  }
}

/** Embedding x kernel + bias of the first layer, [vocabulary size, 4 * units], summed in float64. */
function lookupTable({ embedding, lstms }: PlainLstm): Float32Array {
  const { kernel, bias, units } = lstms[0]!;
  const gates = 4 * units;
  const table = new Float32Array(embedding.rows * gates);
  const sums = new Float64Array(gates);
  for (let row = 0; row < embedding.rows; row++) {
    sums.set(bias);
    for (let column = 0; column < embedding.columns; column++) {
      const value = embedding.matrix[row * embedding.columns + column]!;
      const from = column * gates;
      for (let gate = 0; gate < gates; gate++) sums[gate]! += value * kernel[from + gate]!;
    }
    table.set(sums, row * gates);
  }
  return table;
}
