/**
 * The engine of TensorFlow.js: one implementation for CUDA, WebGPU and WASM. Weights and states stay on the
 * device; a decode uploads the rows' ids to feed and their uniforms, runs all its steps, draws on the device,
 * and downloads only the drawn ids.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Model } from '../../model/model.ts';
import { servingOf } from '../../reading.ts';
import { type Engine, MAX_CAPACITY, type Row } from '../engine.ts';
import { checkIds, checkRows, checkSlots, expectInteger, insideWord } from '../rows.ts';
import { SlotEngine } from '../slot-engine.ts';
import { WindowedEngine } from '../windowed-engine.ts';
import type { TensorflowBackend } from './backend.ts';
import { Device, useBackend } from './device.ts';
import { inverseTemperature, likelyEnough, onlyAllowed, safeUniform } from './kernels.ts';
import type { States } from './layers.ts';
import { Network } from './network.ts';
import { SlotStates } from './slot-states.ts';
import { TensorflowWindows } from './windows.ts';

/** Marks a step in which a row feeds nothing. */
const NOTHING = -1;
/** Below any difference of two logits, and finite, since GPU programs need not support infinities. */
const LOG_OF_NO_MIN_P = -1e9;

/**
 * @throws RangeError for a capacity out of range
 * @throws StoryError `model_unavailable` for a bidirectional model whose window is unknown
 */
export async function createTensorflowEngine(
  model: Model,
  backend: TensorflowBackend,
  { capacity }: { readonly capacity: number },
): Promise<Engine> {
  expectInteger('capacity', capacity, 1, MAX_CAPACITY);
  const serving = servingOf(model);
  useBackend(backend);
  if (serving.kind !== 'windows') return new TensorflowEngine(model, backend, capacity);
  const { characters } = serving;
  const about = { name: backend.engineName, capacity, inside: insideWord(model), characters };
  return new WindowedEngine(about, new TensorflowWindows(model, backend, capacity));
}

class TensorflowEngine extends SlotEngine implements Engine {
  readonly name: string;
  readonly stepsPerDecode: number;
  readonly capacity: number;
  readonly vocabularySize: number;
  readonly #backend: TensorflowBackend;
  readonly #kernels: ReturnType<TensorflowBackend['kernels']>;
  readonly #network: Network;
  protected readonly states: SlotStates;
  readonly #device: Device;
  /** [vocabulary size], see `insideWord`; on the device. */
  readonly #inside: tf.Tensor1D;

  constructor(model: Model, backend: TensorflowBackend, capacity: number) {
    super();
    this.name = backend.engineName;
    this.stepsPerDecode = backend.stepsPerDecode;
    this.capacity = capacity;
    this.vocabularySize = model.vocabulary.size;
    this.#backend = backend;
    this.#kernels = backend.kernels(this.vocabularySize);
    this.#network = new Network(model, this.#kernels);
    this.states = new SlotStates((rows) => this.#network.freshStates(rows));
    this.#device = new Device(backend);
    this.#inside = tf.tensor1d(insideWord(model), 'bool');
  }

  async decode(batch: readonly Row[], steps: number): Promise<Int32Array> {
    checkRows(this, batch, steps);
    return this.#device.call(async () => {
      const rows = this.#backend.paddedRows(batch.length, this.capacity);
      const drawn = this.#device.run(() => this.#decode(batch, steps, rows));
      const columns = (await this.#device.read(drawn)) as Int32Array;
      // [steps, rows] on the device, [batch.length, steps] for the caller.
      const ids = new Int32Array(batch.length * steps);
      for (let i = 0; i < batch.length; i++) {
        for (let step = 0; step < steps; step++) ids[i * steps + step] = columns[step * rows + i]!;
      }
      return ids;
    });
  }

  async logits(slots: readonly number[], ids: ArrayLike<number>): Promise<Float32Array> {
    checkSlots(this, slots);
    checkIds(this, ids, slots.length);
    return this.#device.call(async () => {
      const rows = this.#backend.paddedRows(slots.length, this.capacity);
      const logits = this.#device.run(() => {
        this.states.seat(slots, rows);
        return this.#advanceStates((states) => {
          const padded = new Int32Array(rows);
          padded.set(Array.from(ids));
          const { states: next, logits } = this.#network.step(tf.tensor1d(padded, 'int32'), states);
          return { next, result: logits };
        });
      });
      const all = (await this.#device.read(logits)) as Float32Array;
      return all.slice(0, slots.length * this.vocabularySize);
    });
  }

  close(): Promise<void> {
    return this.#device.close(() => {
      this.#network.dispose();
      this.#kernels.dispose();
      this.states.dispose();
      this.#inside.dispose();
    });
  }

  /** All steps of a decode; returns the drawn ids, [steps, rows]. */
  #decode(batch: readonly Row[], steps: number, rows: number): tf.Tensor2D {
    this.states.seat(
      batch.map((entry) => entry.slot),
      rows,
    );
    const feed = feedOf(batch, steps, rows);
    return this.#advanceStates((current) => {
      const temperatures = this.#temperaturesOf(batch, rows);
      const minPs = minPsOf(batch, rows);
      const uniforms = tf.tensor2d(uniformsOf(batch, steps, rows), [steps, rows]);
      const drawn: tf.Tensor1D[] = [];
      let states = [...current];
      for (let step = 0; step < steps; step++) {
        const ids = idsToRead(feed.subarray(step * rows, (step + 1) * rows), batch.length, drawn.at(-1));
        const before = states;
        const next = tf.tidy(() => this.#network.step(ids, before));
        if (step > 0) tf.dispose(before);
        states = next.states;
        const { logits } = next;
        drawn.push(
          tf.tidy(() => {
            const allowed = allowedIn(step, batch, [rows, this.vocabularySize]);
            const permitted = allowed ? onlyAllowed(logits, allowed) : logits;
            const drawable = minPs ? likelyEnough(permitted, minPs) : permitted;
            const inverseTemperatures = temperatures(ids);
            return this.#kernels.draw(drawable, { inverseTemperatures, uniforms, step });
          }),
        );
        logits.dispose();
      }
      return { next: states, result: tf.stack(drawn) as tf.Tensor2D };
    });
  }

  /**
   * The inverse temperature of each row's draw, [rows], as a function of the ids that the rows read, [rows].
   */
  #temperaturesOf(batch: readonly Row[], rows: number): (ids: tf.Tensor1D) => tf.Tensor1D {
    const ofRows = (temperatureOf: (entry: Row) => number) => {
      const values = new Float32Array(rows).fill(1);
      values.set(batch.map((entry) => inverseTemperature(temperatureOf(entry))));
      return tf.tensor1d(values);
    };
    const inside = ofRows(({ temperature }) => temperature);
    if (batch.every(({ wordTemperature }) => wordTemperature === undefined)) return () => inside;
    const atWords = ofRows(({ temperature, wordTemperature }) => wordTemperature ?? temperature);
    return (ids) => tf.where(tf.gather(this.#inside, ids), inside, atWords);
  }

  /**
   * Replaces the states by those that `work` returns; frees everything else that it allocates, except its
   * result.
   */
  #advanceStates<T extends tf.Tensor>(work: (states: States) => { next: tf.Tensor2D[]; result: T }): T {
    const { states } = this.states;
    const { next, result } = tf.tidy(() => work(states));
    this.states.replace(next);
    return result;
  }
}

/** The id that each row feeds in each step, [steps, rows]; padding rows feed id 0. */
function feedOf(batch: readonly Row[], steps: number, rows: number): Int32Array {
  const feed = new Int32Array(steps * rows);
  batch.forEach((entry, i) => {
    for (let step = 0; step < steps; step++) {
      feed[step * rows + i] = step < entry.feed.length ? entry.feed[step]! : NOTHING;
    }
  });
  return feed;
}

/** The ids that a step reads: the id to feed where there is one, otherwise the id drawn last. */
function idsToRead(feed: Int32Array, batch: number, drawn: tf.Tensor1D | undefined): tf.Tensor1D {
  const feeding = feed.subarray(0, batch).filter((id) => id !== NOTHING).length;
  if (feeding === batch || !drawn) return tf.tensor1d(feed, 'int32');
  if (feeding === 0) return drawn;
  const fed = tf.tensor1d(feed, 'int32');
  return tf.where(tf.greaterEqual(fed, tf.scalar(0, 'int32')), fed, drawn);
}

/** The ids that each row may draw in a step; undefined where no row is restricted. */
function allowedIn(step: number, batch: readonly Row[], shape: [number, number]): tf.Tensor2D | undefined {
  const [rows, size] = shape;
  const restricted = batch.flatMap(({ allowed }, row) => {
    const ids = allowed?.[step];
    return ids ? [{ ids, row }] : [];
  });
  if (restricted.length === 0) return undefined;
  const values = new Uint8Array(rows * size).fill(1);
  for (const { ids, row } of restricted) values.set(ids, row * size);
  return tf.tensor2d(values, shape, 'bool');
}

/** The natural logarithm of each row's min-p, [rows, 1]; undefined where no row has one. */
function minPsOf(batch: readonly Row[], rows: number): tf.Tensor2D | undefined {
  if (batch.every(({ minP = 0 }) => minP === 0)) return undefined;
  const values = new Float32Array(rows).fill(LOG_OF_NO_MIN_P);
  values.set(batch.map(({ minP = 0 }) => (minP === 0 ? LOG_OF_NO_MIN_P : Math.log(minP))));
  return tf.tensor2d(values, [rows, 1]);
}

function uniformsOf(batch: readonly Row[], steps: number, rows: number): Float32Array {
  const values = new Float32Array(steps * rows);
  batch.forEach(({ temperature, wordTemperature = temperature, uniforms }, i) => {
    for (let step = 0; step < steps; step++) {
      values[step * rows + i] = safeUniform(uniforms[step]!, Math.max(temperature, wordTemperature));
    }
  });
  return values;
}
