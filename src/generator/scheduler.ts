/**
 * Continuous batching over one engine: all active sequences share each decode, and join and leave between
 * decodes. A prompt is fed in the same decodes in which other sequences draw, so a long one delays none of
 * them. Many sequences are decoded in two batches, so that the host's work for one overlaps the decode of the
 * other. Only the scheduler assigns the engine's slots.
 */
import { StoryError } from '../errors.ts';
import { type DrawProbabilities, drawProbabilities } from './draw-probabilities.ts';
import { CHECKPOINTS, type Engine, type Row } from './engines/engine.ts';
import { nextTask } from './engines/rows.ts';
import { type Serving, SlotReading } from './reading.ts';
import type { AllowedIds } from './sampler.ts';
import type { Rewind, Sequence } from './sequence.ts';

/** Sequences whose draws are taken without a pause: the event loop waits for no more than these. */
const DELIVERED_AT_ONCE = 8;

export interface SchedulerOptions {
  /** Sequences that may wait for a slot before new ones are rejected. */
  readonly maxWaiting: number;
  /** Largest number of draws in one decode; by default the engine's number. */
  readonly stepsPerDecode?: number;
  /** How the engine's model is served; by default with a state that is carried from beginning to end. */
  readonly serving?: Serving;
}

interface Entry {
  readonly sequence: Sequence;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  readonly reading: SlotReading;
  /** For the draws of its decodes, one after another; undefined where the sequence asks for none. */
  readonly probabilities: DrawProbabilities | undefined;
  /** Undefined while the sequence waits. */
  slot: number | undefined;
  cancelled: boolean;
  /** Whether it is in a batch whose decode or delivery has not ended. */
  isInBatch: boolean;
}

export class Scheduler {
  readonly #engine: Engine;
  readonly #maxWaiting: number;
  readonly #stepsPerDecode: number;
  readonly #serving: Serving;
  readonly #waiting: Entry[] = [];
  readonly #freeSlots: number[];
  #active: Entry[] = [];
  /** Number of batches under way. */
  #batches = 0;

  constructor(engine: Engine, options: SchedulerOptions) {
    const { maxWaiting } = options;
    if (!Number.isInteger(maxWaiting) || maxWaiting < 0) {
      throw new TypeError(`Expected \`maxWaiting\` to be a whole number from 0 up, got ${maxWaiting}.`);
    }
    this.#engine = engine;
    this.#maxWaiting = maxWaiting;
    this.#stepsPerDecode = Math.min(engine.stepsPerDecode, options.stepsPerDecode ?? engine.stepsPerDecode);
    this.#serving = options.serving ?? { kind: 'carried' };
    // Popped from the end: slot 0 first.
    this.#freeSlots = Array.from({ length: engine.capacity }, (_, index) => engine.capacity - 1 - index);
  }

  /** Sequences that hold a slot. */
  get active(): number {
    return this.#active.length;
  }

  /** Number of sequences that wait for a slot. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Runs a sequence until it ends or is aborted; the promise resolves in both cases. Slots are assigned in
   * the order of the calls.
   *
   * @throws StoryError `busy` when too many wait already; any error that the engine throws while it runs
   */
  run(sequence: Sequence, signal?: AbortSignal): Promise<void> {
    if (sequence.prompt.length === 0) {
      return Promise.reject(new TypeError('Expected `prompt` to hold at least one id, got none.'));
    }
    if (signal?.aborted) return Promise.resolve();
    if (this.#freeSlots.length <= this.#waiting.length && this.#waiting.length >= this.#maxWaiting) {
      return Promise.reject(new StoryError('busy', 'Too many stories are waiting. Try again in a minute.'));
    }
    return new Promise((resolve, reject) => {
      const entry: Entry = {
        sequence,
        resolve: () => {
          signal?.removeEventListener('abort', cancel);
          resolve();
        },
        reject: (error) => {
          signal?.removeEventListener('abort', cancel);
          reject(error);
        },
        reading: new SlotReading(sequence.prompt, this.#serving),
        probabilities: sequence.asksProbabilities ? drawProbabilities(this.#stepsPerDecode) : undefined,
        slot: undefined,
        cancelled: false,
        isInBatch: false,
      };
      const cancel = () => this.#cancel(entry);
      signal?.addEventListener('abort', cancel, { once: true });
      this.#waiting.push(entry);
      this.#startBatches();
    });
  }

  /** Starts as many batches as may be under way, until no sequence is left for another. */
  #startBatches(): void {
    for (;;) {
      this.#admit();
      const entries = this.#nextBatch();
      if (entries.length === 0) return;
      this.#batches += 1;
      for (const entry of entries) entry.isInBatch = true;
      void this.#runBatch(entries);
    }
  }

  /** Decodes and delivers one batch, and then starts the next one. */
  async #runBatch(entries: readonly Entry[]): Promise<void> {
    try {
      const steps = this.#stepsFor(entries.length);
      for (const { reading, slot } of entries) reading.beginPassage(this.#engine, slot!);
      this.#keepCheckpoints(entries, steps);
      const rows = entries.map((entry) => rowOf(entry, steps));
      const drawn = await this.#engine.decode(rows, steps);
      for (const [index, entry] of entries.entries()) {
        if (index > 0 && index % DELIVERED_AT_ONCE === 0) await nextTask();
        this.#deliver(entry, rows[index]!, drawn.subarray(index * steps, (index + 1) * steps));
      }
    } catch (error) {
      // The states of its slots are unknown now, so every sequence of the batch fails.
      for (const entry of entries)
        if (entry.slot !== undefined) this.#leave(entry, () => entry.reject(error));
    }
    this.#batches -= 1;
    for (const entry of entries) entry.isInBatch = false;
    this.#startBatches();
  }

  #stepsFor(rows: number): number {
    return Math.min(this.#stepsPerDecode, this.#engine.stepsFor?.(rows) ?? this.#stepsPerDecode);
  }

  /** Sequences for another batch: all of a few; of many, at most half, since two batches are under way then. */
  #nextBatch(): Entry[] {
    const { length } = this.#active;
    const batches = length >= (this.#engine.rowsToSplit ?? Number.POSITIVE_INFINITY) ? 2 : 1;
    if (this.#batches >= batches) return [];
    return this.#active.filter(({ isInBatch }) => !isInBatch).slice(0, Math.ceil(length / batches));
  }

  /** Removes cancelled sequences, unless they are in a batch, and admits waiting ones. */
  #admit(): void {
    for (const entry of this.#active) {
      if (entry.cancelled && !entry.isInBatch && entry.slot !== undefined) this.#leave(entry, entry.resolve);
    }
    const staying = this.#active.filter((entry) => entry.slot !== undefined);
    while (this.#freeSlots.length > 0 && this.#waiting.length > 0) {
      const entry = this.#waiting.shift()!;
      entry.slot = this.#freeSlots.pop()!;
      staying.push(entry);
    }
    this.#active = staying;
  }

  /** Keeps checkpoints for rewinds: of the state before the draw of a sequence's rewind point. */
  #keepCheckpoints(entries: readonly Entry[], steps: number): void {
    const slots: number[][] = Array.from({ length: CHECKPOINTS }, () => []);
    for (const { sequence, reading, slot } of entries) {
      if (!sequence.rewindPoint || reading.fed < sequence.prompt.length - 1) continue;
      const latest = sequence.prompt.length + sequence.rewindPoint() - 1;
      const number = reading.nextCheckpoint(latest, steps, this.#stepsPerDecode);
      if (number !== undefined) slots[number]!.push(slot!);
    }
    slots.forEach((some, number) => {
      if (some.length > 0) this.#engine.checkpoint(some, number);
    });
  }

  /** Gives a sequence the ids that were drawn for it, one for each step of the decode. */
  #deliver(entry: Entry, row: Row, drawn: Int32Array): void {
    if (entry.cancelled) return;
    const { sequence, reading } = entry;
    const { ids } = reading;
    // Ids drawn after the passage's end are discarded: they depend on too long a context.
    const steps = Math.min(drawn.length, reading.until - reading.fed);
    const first = Math.min(ids.length - reading.fed, steps) - 1;
    reading.fed = Math.min(ids.length, reading.fed + steps);
    if (reading.fed < ids.length) return;
    for (let step = first; step < steps; step++) {
      const index = ids.length - sequence.prompt.length;
      if (step > first && sequence.allowed?.(index) !== row.allowed?.[step]) {
        reading.goBack(this.#engine, entry.slot!, ids.length - 1);
        return;
      }
      const id = drawn[step]!;
      let next: number | Rewind | undefined;
      try {
        next = sequence.take(id, row.probabilities && { probabilities: row.probabilities, step });
      } catch (error) {
        this.#leave(entry, () => entry.reject(error));
        return;
      }
      if (next === undefined) {
        this.#leave(entry, entry.resolve);
        return;
      }
      if (typeof next === 'object') {
        ids.length = sequence.prompt.length + next.to;
        const fed = ids.length - 1;
        ids.push(...(next.instead ?? []));
        reading.goBack(this.#engine, entry.slot!, fed);
        return;
      }
      ids.push(next);
      const isLast = step === steps - 1;
      if (!isLast) reading.fed++;
      if (next !== id && !isLast) {
        // Within a decode the engine has read the drawn id instead of the one to feed: rewind.
        reading.goBack(this.#engine, entry.slot!, ids.length - 1);
        return;
      }
    }
  }

  #leave(entry: Entry, settle: () => void): void {
    // Lets the engine free a state that is not needed any more.
    this.#engine.clear(entry.slot!);
    this.#freeSlots.push(entry.slot!);
    entry.slot = undefined;
    settle();
  }

  #cancel(entry: Entry): void {
    entry.cancelled = true;
    const position = this.#waiting.indexOf(entry);
    // An active sequence leaves in the loop, after the decode in progress.
    if (position < 0) return;
    this.#waiting.splice(position, 1);
    entry.resolve();
  }
}

function rowOf({ reading, sequence, slot, probabilities }: Entry, steps: number): Row {
  const { ids, fed } = reading;
  const feed = ids.slice(fed, fed + steps);
  const drawn = ids.length - sequence.prompt.length;
  // Step j uses the uniform of the draw that it becomes; draws while feeding are discarded.
  const firstDraw = ids.length - fed - 1;
  const uniforms = new Float64Array(steps);
  let allowed: (AllowedIds | undefined)[] | undefined;
  for (let step = 0; step < steps; step++) {
    const index = drawn + Math.max(0, step - firstDraw);
    uniforms[step] = sequence.uniform(index);
    const ids = step < firstDraw ? undefined : sequence.allowed?.(index);
    if (!ids) continue;
    allowed ??= new Array(steps).fill(undefined);
    allowed[step] = ids;
  }
  const { temperature, wordTemperature, minP } = sequence;
  return { slot: slot!, feed, temperature, wordTemperature, minP, uniforms, allowed, probabilities };
}
