/**
 * The engine for CPUs: ONNX Runtime runs a step's graph, and the host draws. The graph uses only operators
 * for which the tests show that a row's bits do not depend on the other rows.
 *
 * The states that a step returns are the input of the next step, unchanged, while the slots stay the same.
 * When slots join or leave, rows are copied bit for bit; nothing is computed again.
 */

import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { StoryError } from '../../errors.ts';
import { availableProcessors } from '../../processors.ts';
import type { Model } from '../model/model.ts';
import { servingOf } from '../reading.ts';
import { CHECKPOINTS, type Engine, MAX_CAPACITY, type Row } from './engine.ts';
import { buildStepGraph, type StateSpec, stateSpecs } from './onnx-step.ts';
import { buildWindowGraph } from './onnx-window.ts';
import {
  checkCheckpoint,
  checkIds,
  checkRows,
  checkSlots,
  decodeOnHost,
  expectInteger,
  insideWord,
  Mutex,
} from './rows.ts';
import { WindowedEngine, type WindowRunner, type Windows } from './windowed-engine.ts';

const NAME = 'onnx';
/** Matrix products of this size gain little from more threads. */
const MAX_DEFAULT_THREADS = 8;
const MAX_THREADS = 256;
/** Errors and worse: warnings concern possible changes in later releases. */
const LOG_SEVERITY_ERROR = 3;

export interface OnnxEngineOptions {
  /** Number of slots. */
  readonly capacity: number;
  /** Threads for each matrix product; by default the number of processors, but at most 8. */
  readonly threads?: number;
}

/**
 * @throws RangeError for options out of range
 * @throws StoryError `model_unavailable` for a bidirectional model whose window is unknown
 * @throws StoryError `configuration` where ONNX Runtime is not available for this platform
 */
export async function createOnnxEngine(model: Model, options: OnnxEngineOptions): Promise<Engine> {
  const { capacity, threads = Math.min(availableProcessors(), MAX_DEFAULT_THREADS) } = options;
  expectInteger('capacity', capacity, 1, MAX_CAPACITY);
  expectInteger('threads', threads, 1, MAX_THREADS);
  const serving = servingOf(model);
  const runtime = await loadOnnxRuntime();
  if (serving.kind === 'windows') {
    const session = await openSession(runtime, buildWindowGraph(model), threads);
    const { characters } = serving;
    const about = { name: NAME, capacity, inside: insideWord(model), characters };
    return new WindowedEngine(about, new OnnxWindows(session, runtime.Tensor));
  }
  const session = await openSession(runtime, buildStepGraph(model), threads);
  return new OnnxEngine(model, capacity, session, runtime.Tensor);
}

type Runtime = typeof import('onnxruntime-node');

function openSession(runtime: Runtime, graph: Uint8Array, threads: number): Promise<InferenceSession> {
  return runtime.InferenceSession.create(graph, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    logSeverityLevel: LOG_SEVERITY_ERROR,
    extra: {
      // A thread that spins while it waits takes a processor from the rest of the machine: with one of two
      // processors busy otherwise, spinning made the engine slower than a single thread.
      session: { intra_op: { allow_spinning: '0' } },
      // On ARM, KleidiAI uses a different kernel for a single row than for several, so a row's bits would
      // depend on the number of rows.
      mlas: { disable_kleidiai: '1' },
    },
  });
}

/** @throws StoryError `configuration` where ONNX Runtime is not available for this platform */
export async function loadOnnxRuntime(): Promise<Runtime> {
  // Since 1.30 ONNX Runtime sends telemetry and stores a device id, unless this is set before it is loaded.
  process.env.ORT_DISABLE_TELEMETRY ??= '1';
  try {
    return await import('onnxruntime-node');
  } catch (error) {
    throw new StoryError(
      'configuration',
      `ONNX Runtime cannot be loaded on ${process.platform}-${process.arch}. Run \`npm ci\` on a 64-bit Linux, Windows or Apple-silicon machine.`,
      { cause: error },
    );
  }
}

class OnnxEngine implements Engine {
  readonly name = NAME;
  readonly givesProbabilities = true;
  readonly stepsPerDecode = 1;
  readonly capacity: number;
  readonly vocabularySize: number;
  readonly #session: InferenceSession;
  readonly #Tensor: typeof Tensor;
  readonly #specs: readonly StateSpec[];
  /** The slots of the last step in row order, and that step's states. */
  #slots: readonly number[] = [];
  #states: readonly Tensor[] = [];
  /** States of slots that were not in the last step, [capacity, units] each. Allocated on first use. */
  readonly #parked: readonly Float32Array[];
  /** Slots whose state is zeros, regardless of the stored state. */
  readonly #cleared = new Set<number>();
  /** By checkpoint number and state, [capacity, units] each. */
  readonly #checkpoints: readonly (readonly Float32Array[])[];
  /** Slots whose state is their checkpoint of this number, regardless of the stored state. */
  readonly #restored = new Map<number, number>();
  readonly #inside: Uint8Array;
  readonly #calls = new Mutex();

  constructor(model: Model, capacity: number, session: InferenceSession, tensor: typeof Tensor) {
    this.capacity = capacity;
    this.vocabularySize = model.vocabulary.size;
    this.#session = session;
    this.#Tensor = tensor;
    this.#specs = stateSpecs(model);
    const statesOfAll = () => this.#specs.map(({ units }) => new Float32Array(capacity * units));
    this.#parked = statesOfAll();
    this.#checkpoints = Array.from({ length: CHECKPOINTS }, statesOfAll);
    this.#inside = insideWord(model);
    for (let slot = 0; slot < capacity; slot++) this.#cleared.add(slot);
  }

  async decode(batch: readonly Row[], steps: number): Promise<Int32Array> {
    checkRows(this, batch, steps);
    return this.#calls.run(() =>
      decodeOnHost((slots, ids) => this.#step(slots, ids), this.#inside, batch, steps),
    );
  }

  async logits(slots: readonly number[], ids: ArrayLike<number>): Promise<Float32Array> {
    checkSlots(this, slots);
    checkIds(this, ids, slots.length);
    return this.#calls.run(() => this.#step([...slots], ids));
  }

  clear(slot: number): void {
    expectInteger('slot', slot, 0, this.capacity - 1);
    this.#cleared.add(slot);
    this.#restored.delete(slot);
  }

  checkpoint(slots: readonly number[], number: number): void {
    checkCheckpoint(this, slots, number);
    const rows = new Map(this.#slots.map((slot, row) => [slot, row]));
    for (const slot of slots) {
      this.#specs.forEach(({ units }, i) => {
        const saved = rowOf(this.#checkpoints[number]![i]!, slot, units);
        const state = this.#stateOf(slot, i, rows.get(slot));
        if (state) saved.set(state);
        else saved.fill(0);
      });
    }
  }

  restore(slot: number, number: number): void {
    checkCheckpoint(this, [slot], number);
    this.#cleared.delete(slot);
    this.#restored.set(slot, number);
  }

  close(): Promise<void> {
    return this.#calls.close(() => this.#session.release());
  }

  async #step(slots: readonly number[], ids: ArrayLike<number>): Promise<Float32Array> {
    this.#seat(slots);
    const feeds: Record<string, Tensor> = {
      ids: new this.#Tensor('int32', Int32Array.from(ids), [slots.length]),
    };
    this.#specs.forEach(({ input }, i) => {
      feeds[input] = this.#states[i]!;
    });
    const results = await this.#session.run(feeds);
    this.#states = this.#specs.map(({ output }) => results[output]!);
    return results.logits!.data as Float32Array;
  }

  /** Arranges the rows of `#states` as `slots`, in that order. */
  #seat(slots: readonly number[]): void {
    const same = slots.length === this.#slots.length && slots.every((slot, row) => slot === this.#slots[row]);
    if (same && !slots.some((slot) => this.#cleared.has(slot) || this.#restored.has(slot))) return;
    const rows = new Map(this.#slots.map((slot, row) => [slot, row]));
    const staying = new Set(slots);
    const leaving = this.#slots.filter((slot) => !staying.has(slot));
    this.#states = this.#specs.map(({ units }, i) => {
      const last = this.#states[i]?.data as Float32Array | undefined;
      const parked = this.#parked[i]!;
      for (const slot of leaving) parked.set(rowOf(last!, rows.get(slot)!, units), slot * units);
      const next = new Float32Array(slots.length * units);
      slots.forEach((slot, row) => {
        const state = this.#stateOf(slot, i, rows.get(slot));
        if (state) next.set(state, row * units);
      });
      return new this.#Tensor('float32', next, [slots.length, units]);
    });
    this.#slots = slots;
    for (const slot of slots) {
      this.#cleared.delete(slot);
      this.#restored.delete(slot);
    }
  }

  /**
   * The current value of one state of a slot; undefined for zeros.
   *
   * @param row of the slot in the last step; undefined where the slot was not in it
   */
  #stateOf(slot: number, i: number, row: number | undefined): Float32Array | undefined {
    if (this.#cleared.has(slot)) return undefined;
    const { units } = this.#specs[i]!;
    const number = this.#restored.get(slot);
    if (number !== undefined) return rowOf(this.#checkpoints[number]![i]!, slot, units);
    if (row === undefined) return rowOf(this.#parked[i]!, slot, units);
    return rowOf(this.#states[i]!.data as Float32Array, row, units);
  }
}

function rowOf(matrix: Float32Array, row: number, columns: number): Float32Array {
  return matrix.subarray(row * columns, (row + 1) * columns);
}

/** Runs the window graph. */
class OnnxWindows implements WindowRunner {
  readonly #session: InferenceSession;
  readonly #Tensor: typeof Tensor;

  constructor(session: InferenceSession, tensor: typeof Tensor) {
    this.#session = session;
    this.#Tensor = tensor;
  }

  async run({ rows, steps, ids, lengths }: Windows): Promise<Float32Array> {
    const valid = Uint8Array.from(ids, (_, i) =>
      Math.floor(i / rows) >= steps - lengths[i % rows]! ? 1 : 0,
    );
    const { logits } = await this.#session.run({
      ids: new this.#Tensor('int32', ids, [steps, rows]),
      valid: new this.#Tensor('bool', valid, [steps, rows, 1]),
    });
    return logits!.data as Float32Array;
  }

  close(): Promise<void> {
    return this.#session.release();
  }
}
