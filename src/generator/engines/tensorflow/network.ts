/** A model whose layers all read forwards, on the device, and one step of it. */
import * as tf from '@tensorflow/tfjs-core';
import { isRowLayer } from '../../model/float64.ts';
import type { Model } from '../../model/model.ts';
import { tabled } from '../tabled-model.ts';
import type { Kernels } from './kernels.ts';
import { type Memory, type Row, type Source, type States, WeightsOnDevice } from './layers.ts';

type LayerOnDevice = { readonly row: Row } | { readonly memory: Memory };

export class Network {
  readonly #weights: WeightsOnDevice;
  readonly #layers: readonly LayerOnDevice[];
  /** The logits of ids, for a model without recurrent layers. */
  readonly #logits: ((ids: tf.Tensor1D) => tf.Tensor2D) | undefined;

  /** The backend must be the current one. */
  constructor(model: Model, kernels: Kernels) {
    const { table, layers } = tabled(model);
    const weights = new WeightsOnDevice(kernels);
    this.#weights = weights;
    this.#logits = layers.length === 0 ? weights.table(table) : undefined;
    this.#layers = layers.map((layer, i): LayerOnDevice => {
      if (isRowLayer(layer)) return { row: weights.row(layer) };
      if (layer.kind === 'bidirectional') throw new TypeError('Expected layers that read forwards.');
      return { memory: weights.memory(layer, i === 0 ? table : undefined) };
    });
  }

  /** The states of `rows` rows that have read nothing, from the lowest layer to the highest. */
  freshStates(rows: number): States {
    return this.#layers.flatMap((layer) => ('memory' in layer ? layer.memory.freshStates(rows) : []));
  }

  /**
   * Reads one id for each row. Must be called inside `tf.tidy`.
   *
   * @param ids [rows], int32
   * @param states from `freshStates` or an earlier step; they are not disposed of
   * @returns the new states, and the unnormalised log-probabilities of the next id: [rows, vocabulary size]
   */
  step(ids: tf.Tensor1D, states: States): { states: tf.Tensor2D[]; logits: tf.Tensor2D } {
    if (this.#logits) return { states: [], logits: this.#logits(ids) };
    const next: tf.Tensor2D[] = [];
    let source: Source = { ids };
    let top: tf.Tensor2D | undefined;
    for (const layer of this.#layers) {
      if ('row' in layer) {
        top = layer.row(top!);
      } else {
        const { memory } = layer;
        const after = memory.step(source, states.slice(next.length, next.length + memory.stateCount));
        next.push(...after);
        top = memory.output(source, after[0]!);
      }
      source = { inputs: top };
    }
    // Where no layer follows the last recurrent one, its state must outlive the logits.
    return { states: next, logits: next.includes(top!) ? tf.clone(top!) : top! };
  }

  dispose(): void {
    this.#weights.dispose();
  }
}
