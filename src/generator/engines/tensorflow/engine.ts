/**
 * The engine of TensorFlow.js: one piece of code over CUDA, WebGPU and WASM. Weights and states stay on the
 * device; a trip uploads what its lanes feed and their uniforms, runs all its steps and draws on the device,
 * and downloads nothing but the drawn ids.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Model } from '../../model/model.ts';
import { type Engine, EngineLostError, type Lane, MAX_CAPACITY } from '../engine.ts';
import { checkIds, checkLanes, checkSlots, expectInteger } from '../lanes.ts';
import { inverseTemperature, type Kernels, safeUniform } from './kernels.ts';
import { type LayerState, Network } from './network.ts';
import { disposeStates, SlotStates } from './slot-states.ts';

/** A backend of TensorFlow.js, ready to run, and what it takes to run well on it. */
export interface TensorflowBackend {
  /** What TensorFlow.js has it registered as. */
  readonly tfName: string;
  /** What a footer and a log call an engine on it. */
  readonly engineName: string;
  readonly stepsPerTrip: number;
  /**
   * Rows that so many lanes are padded to. Few different numbers of rows are few programs to compile, and a
   * backend that picks its kernel by shape keeps its bits only where the shape stays.
   */
  paddedRows(lanes: number, capacity: number): number;
  kernels(vocabularySize: number): Kernels & { dispose(): void };
  /** Resolves with a reason when the device is lost; never, where it cannot be. */
  readonly lost: Promise<string>;
  /** Lets timers and sockets have their turn, where reading a tensor does not. */
  breathe(): Promise<void>;
  /** Releases the device. Every engine on it is closed by then. */
  close(): Promise<void>;
}

/** A lane's step that feeds nothing. */
const NOTHING = -1;

/** @throws RangeError for a capacity out of range */
export async function createTensorflowEngine(
  model: Model,
  backend: TensorflowBackend,
  options: { readonly capacity: number },
): Promise<Engine> {
  expectInteger('capacity', options.capacity, 1, MAX_CAPACITY);
  useBackend(backend);
  return new TensorflowEngine(model, backend, options.capacity);
}

/**
 * Makes a backend the current one. What follows without an `await` is run by it: for a backend that is
 * initialized `setBackend` does its work before it returns.
 */
function useBackend({ tfName }: TensorflowBackend): void {
  if (tf.getBackend() === tfName) return;
  tf.setBackend(tfName).catch(() => {});
  if (tf.getBackend() !== tfName) throw new Error(`Expected the backend ${tfName} to be initialized.`);
}

class TensorflowEngine implements Engine {
  readonly name: string;
  readonly stepsPerTrip: number;
  readonly capacity: number;
  readonly vocabularySize: number;
  readonly #backend: TensorflowBackend;
  readonly #kernels: ReturnType<TensorflowBackend['kernels']>;
  readonly #network: Network;
  readonly #slots: SlotStates;
  #running: Promise<unknown> | undefined;
  #lost: string | undefined;
  /** Tells whoever waits for the device that it is lost. */
  #onLost: ((reason: string) => void) | undefined;
  #closed = false;

  constructor(model: Model, backend: TensorflowBackend, capacity: number) {
    this.name = backend.engineName;
    this.stepsPerTrip = backend.stepsPerTrip;
    this.capacity = capacity;
    this.vocabularySize = model.vocabulary.size;
    this.#backend = backend;
    this.#kernels = backend.kernels(this.vocabularySize);
    this.#network = new Network(model, this.#kernels);
    this.#slots = new SlotStates((rows) => this.#network.zeroStates(rows));
    backend.lost.then((reason) => {
      this.#lost = reason;
      this.#onLost?.(reason);
    });
  }

  async advance(lanes: readonly Lane[], steps: number): Promise<Int32Array> {
    checkLanes(this, lanes, steps);
    return this.#exclusively(async () => {
      const rows = this.#backend.paddedRows(lanes.length, this.capacity);
      const drawn = this.#onDevice(() => this.#trip(lanes, steps, rows));
      const columns = (await this.#read(drawn)) as Int32Array;
      // [steps, rows] on the device, [lanes, steps] for the caller.
      const ids = new Int32Array(lanes.length * steps);
      for (let i = 0; i < lanes.length; i++) {
        for (let step = 0; step < steps; step++) ids[i * steps + step] = columns[step * rows + i]!;
      }
      return ids;
    });
  }

  async logits(slots: readonly number[], ids: ArrayLike<number>): Promise<Float32Array> {
    checkSlots(this, slots);
    checkIds(this, ids);
    if (ids.length !== slots.length) {
      throw new RangeError(`Expected \`ids\` to hold ${slots.length}, one for each slot, got ${ids.length}.`);
    }
    return this.#exclusively(async () => {
      const rows = this.#backend.paddedRows(slots.length, this.capacity);
      const logits = this.#onDevice(() => {
        this.#slots.seat(slots, rows);
        return this.#advanceStates((states) => {
          const padded = new Int32Array(rows);
          padded.set(Array.from(ids));
          const next = this.#network.step(tf.tensor1d(padded, 'int32'), states);
          return { next, result: this.#network.logits(next) };
        });
      });
      const all = (await this.#read(logits)) as Float32Array;
      return all.slice(0, slots.length * this.vocabularySize);
    });
  }

  clear(slot: number): void {
    expectInteger('slot', slot, 0, this.capacity - 1);
    this.#slots.clear(slot);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#running?.catch(() => {});
    if (this.#lost !== undefined) return;
    this.#network.dispose();
    this.#kernels.dispose();
    this.#slots.dispose();
  }

  /** All the steps of a trip; returns the drawn ids, [steps, rows]. */
  #trip(lanes: readonly Lane[], steps: number, rows: number): tf.Tensor2D {
    this.#slots.seat(
      lanes.map((lane) => lane.slot),
      rows,
    );
    const feed = feedOf(lanes, steps, rows);
    return this.#advanceStates((current) => {
      const inverseTemperatures = tf.tensor1d(temperaturesOf(lanes, rows));
      const uniforms = tf.tensor2d(uniformsOf(lanes, steps, rows), [steps, rows]);
      const drawn: tf.Tensor1D[] = [];
      let states: LayerState[] = [...current];
      for (let step = 0; step < steps; step++) {
        const ids = idsToRead(feed.subarray(step * rows, (step + 1) * rows), lanes.length, drawn.at(-1));
        const before = states;
        states = tf.tidy(() => this.#network.step(ids, before));
        if (step > 0) disposeStates(before);
        const logits = this.#network.logits(states);
        drawn.push(tf.tidy(() => this.#kernels.draw(logits, { inverseTemperatures, uniforms, step })));
        logits.dispose();
      }
      return { next: states, result: tf.stack(drawn) as tf.Tensor2D };
    });
  }

  /** Replaces the states by what `work` makes of them; nothing else that it allocates outlives it. */
  #advanceStates<T extends tf.Tensor>(
    work: (states: readonly LayerState[]) => { next: LayerState[]; result: T },
  ): T {
    const { states } = this.#slots;
    const { next, result } = tf.tidy(() => work(states));
    this.#slots.replace(next);
    return result;
  }

  /**
   * Runs what is the device's to do. Whatever breaks there leaves the states unknown, so it is the engine's
   * end, lost device or not.
   */
  #onDevice<T>(work: () => T): T {
    try {
      useBackend(this.#backend);
      return work();
    } catch (error) {
      throw this.#lose((error as Error).message);
    }
  }

  /** Downloads a tensor and disposes of it. */
  async #read(tensor: tf.Tensor): Promise<Int32Array | Float32Array> {
    try {
      return await new Promise((resolve, reject) => {
        this.#onLost = (reason) => reject(this.#lose(reason));
        tensor.data<'float32' | 'int32'>().then(resolve, (error) => reject(this.#lose(error.message)));
      });
    } finally {
      this.#onLost = undefined;
      if (this.#lost === undefined) tensor.dispose();
    }
  }

  #lose(reason: string): EngineLostError {
    this.#lost ??= reason;
    return new EngineLostError(this.name, this.#lost);
  }

  /** A trip's states are the next one's, so a second call must not begin before the first has ended. */
  async #exclusively<T>(work: () => Promise<T>): Promise<T> {
    if (this.#lost !== undefined) throw this.#lose(this.#lost);
    if (this.#closed) throw new Error('Expected the engine to be open, got a call after `close`.');
    if (this.#running) throw new Error('Expected one call at a time, got another before the last had ended.');
    // Begins at once: a slot that is cleared after this is clear after the call.
    const running = work();
    this.#running = running;
    try {
      const result = await running;
      await this.#backend.breathe();
      return result;
    } finally {
      this.#running = undefined;
    }
  }
}

/** What each row feeds in each step, [steps, rows]; rows of no lane feed id 0. */
function feedOf(lanes: readonly Lane[], steps: number, rows: number): Int32Array {
  const feed = new Int32Array(steps * rows);
  lanes.forEach((lane, i) => {
    for (let step = 0; step < steps; step++) {
      feed[step * rows + i] = step < lane.feed.length ? lane.feed[step]! : NOTHING;
    }
  });
  return feed;
}

/** The ids that a step reads: what the rows feed, where they do, otherwise what they have drawn. */
function idsToRead(feed: Int32Array, lanes: number, drawn: tf.Tensor1D | undefined): tf.Tensor1D {
  const feeding = feed.subarray(0, lanes).filter((id) => id !== NOTHING).length;
  if (feeding === lanes || !drawn) return tf.tensor1d(feed, 'int32');
  if (feeding === 0) return drawn;
  const fed = tf.tensor1d(feed, 'int32');
  return tf.where(tf.greaterEqual(fed, tf.scalar(0, 'int32')), fed, drawn);
}

function temperaturesOf(lanes: readonly Lane[], rows: number): Float32Array {
  const values = new Float32Array(rows).fill(1);
  values.set(lanes.map((lane) => inverseTemperature(lane.temperature)));
  return values;
}

function uniformsOf(lanes: readonly Lane[], steps: number, rows: number): Float32Array {
  const values = new Float32Array(steps * rows);
  lanes.forEach(({ temperature, uniforms }, i) => {
    for (let step = 0; step < steps; step++) {
      values[step * rows + i] = safeUniform(uniforms[step]!, temperature);
    }
  });
  return values;
}
