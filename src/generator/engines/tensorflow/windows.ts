/** Passes over whole windows on the device, for bidirectional models. */
import * as tf from '@tensorflow/tfjs-core';
import { isRowLayer } from '../../model/float64.ts';
import type { BidirectionalLayer } from '../../model/layers.ts';
import type { Model } from '../../model/model.ts';
import { tabled } from '../tabled-model.ts';
import type { WindowRunner, Windows } from '../windowed-engine.ts';
import type { TensorflowBackend } from './backend.ts';
import { Device } from './device.ts';
import { type Memory, type Row, type Source, type States, WeightsOnDevice } from './layers.ts';

type LayerOnDevice =
  | { readonly row: Row }
  | { readonly memory: Memory }
  | { readonly forward: Memory; readonly backward: Memory; readonly merge: BidirectionalLayer['merge'] };

/** For each step, the rows whose windows have started: [rows, 1] bool; undefined where all have. */
type Begun = readonly (tf.Tensor2D | undefined)[];

const MERGES: Readonly<Record<BidirectionalLayer['merge'], (a: tf.Tensor2D, b: tf.Tensor2D) => tf.Tensor2D>> =
  {
    concat: (a, b) => tf.concat2d([a, b], 1),
    sum: (a, b) => tf.add(a, b),
    mul: (a, b) => tf.mul(a, b),
    ave: (a, b) => tf.mul(tf.add(a, b), 0.5),
  };

export class TensorflowWindows implements WindowRunner {
  readonly #backend: TensorflowBackend;
  readonly #device: Device;
  readonly #capacity: number;
  readonly #vocabularySize: number;
  readonly #kernels: ReturnType<TensorflowBackend['kernels']>;
  readonly #weights: WeightsOnDevice;
  readonly #layers: readonly LayerOnDevice[];

  /** The backend must be the current one. */
  constructor(model: Model, backend: TensorflowBackend, capacity: number) {
    this.#backend = backend;
    this.#device = new Device(backend);
    this.#capacity = capacity;
    this.#vocabularySize = model.vocabulary.size;
    this.#kernels = backend.kernels(this.#vocabularySize);
    const weights = new WeightsOnDevice(this.#kernels);
    this.#weights = weights;
    const { table, backwardTable, layers } = tabled(model);
    this.#layers = layers.map((layer, i): LayerOnDevice => {
      if (isRowLayer(layer)) return { row: weights.row(layer) };
      const [below, belowBackward] = i === 0 ? [table, backwardTable] : [];
      if (layer.kind !== 'bidirectional') return { memory: weights.memory(layer, below) };
      return {
        forward: weights.memory(layer.forward, below),
        backward: weights.memory(layer.backward, belowBackward),
        merge: layer.merge,
      };
    });
  }

  run(windows: Windows): Promise<Float32Array> {
    return this.#device.call(async () => {
      const rows = this.#backend.paddedRows(windows.rows, this.#capacity);
      const logits = this.#device.run(() => tf.tidy(() => this.#logits(windows, rows)));
      const all = (await this.#device.read(logits)) as Float32Array;
      return all.slice(0, windows.rows * this.#vocabularySize);
    });
  }

  close(): Promise<void> {
    return this.#device.close(() => {
      this.#weights.dispose();
      this.#kernels.dispose();
    });
  }

  /** [rows, vocabulary size]; padding rows read zeros. */
  #logits({ rows: given, steps, ids, lengths }: Windows, rows: number): tf.Tensor2D {
    const begun = Array.from({ length: steps }, (_, step) => begunAt(step, steps, lengths, rows));
    let sources = Array.from({ length: steps }, (_, step): Source => {
      const padded = new Int32Array(rows);
      padded.set(ids.subarray(step * given, (step + 1) * given));
      return { ids: tf.tensor1d(padded, 'int32') };
    });
    const lastMemory = this.#layers.findLastIndex((layer) => !('row' in layer));
    this.#layers.forEach((layer, i) => {
      // From the last recurrent layer on, only the last step is needed.
      const isLast = i >= lastMemory;
      if (isLast && 'row' in layer) sources = sources.slice(-1);
      sources = through(layer, sources, begun, rows, isLast).map((inputs) => ({ inputs }));
    });
    const top = sources.at(-1)!;
    if ('ids' in top) throw new TypeError('Expected a model with a bidirectional layer.');
    return top.inputs;
  }
}

function begunAt(step: number, steps: number, lengths: Int32Array, rows: number): tf.Tensor2D | undefined {
  if (lengths.every((length) => step >= steps - length)) return undefined;
  const begun = new Uint8Array(rows).fill(1);
  begun.set(lengths.map((length) => (step >= steps - length ? 1 : 0)));
  return tf.tensor2d(begun, [rows, 1], 'bool');
}

/** A layer's outputs for each step, or for the last one only. */
function through(
  layer: LayerOnDevice,
  sources: readonly Source[],
  begun: Begun,
  rows: number,
  isLast: boolean,
): tf.Tensor2D[] {
  if ('row' in layer) return sources.map((source) => layer.row((source as { inputs: tf.Tensor2D }).inputs));
  const read = (memory: Memory, isBackward: boolean): tf.Tensor2D[] => {
    let states: States = memory.freshStates(rows);
    const outputs: tf.Tensor2D[] = [];
    for (let step = 0; step < sources.length; step++) {
      const at = isBackward ? sources.length - 1 - step : step;
      const before = states;
      const after = memory.step(sources[at]!, before);
      const mask = isBackward ? undefined : begun[at];
      states = mask ? after.map((state, i) => tf.where(mask, state, before[i]!)) : after;
      outputs[at] = memory.output(sources[at]!, states[0]!);
      // A backward pass reads the last step first.
      if (isBackward && isLast) break;
    }
    return isLast ? outputs.slice(-1) : outputs;
  };
  if ('memory' in layer) return read(layer.memory, false);
  const [forward, backward] = [read(layer.forward, false), read(layer.backward, true)];
  return forward.map((output, i) => MERGES[layer.merge](output, backward[i]!));
}
