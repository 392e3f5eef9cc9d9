/**
 * An engine for bidirectional models: each character is predicted from the last ids of its slot, read as a
 * window from cleared states. So a slot's state is only those ids, and feeding without drawing has no cost.
 */
import { CHECKPOINTS, type Engine, MAX_CAPACITY, type Row } from './engine.ts';
import { checkCheckpoint, checkIds, checkRows, checkSlots, drawFrom, expectInteger, Mutex } from './rows.ts';

/**
 * A prompt is fed this many ids per decode, at no cost; rows that draw in the same decode run as many windows
 * before the next row may join or leave.
 */
const STEPS_PER_DECODE = 4;

/** The windows of some slots, each ending at the last step: a shorter one starts later. */
export interface Windows {
  readonly rows: number;
  /** Length of the longest window. */
  readonly steps: number;
  /** [steps, rows] int32; ids before the start of a shorter window have no meaning. */
  readonly ids: Int32Array;
  /** [rows]: number of ids in each row's window. */
  readonly lengths: Int32Array;
}

/** Runs the network over windows. */
export interface WindowRunner {
  /**
   * Logits of the id after each window, [rows, vocabulary size]; a row's bits do not depend on the other
   * rows.
   */
  run(windows: Windows): Promise<Float32Array>;
  close(): Promise<void>;
}

export interface WindowedEngineOptions {
  readonly name: string;
  readonly capacity: number;
  /** For each id, whether the draw after it is inside of a word; see `insideWord`. */
  readonly inside: Uint8Array;
  /** Largest number of ids in a window. */
  readonly characters: number;
}

export class WindowedEngine implements Engine {
  readonly name: string;
  readonly givesProbabilities = true;
  readonly capacity: number;
  readonly vocabularySize: number;
  readonly stepsPerDecode = STEPS_PER_DECODE;
  readonly #characters: number;
  readonly #runner: WindowRunner;
  readonly #calls = new Mutex();
  /** The last ids of each slot, at most as many as a window holds. */
  readonly #histories: number[][];
  /** Slots that have read nothing, regardless of the stored ids. */
  readonly #cleared = new Set<number>();
  readonly #inside: Uint8Array;
  /** By checkpoint number, the ids of each slot at that time. */
  readonly #checkpoints: readonly number[][][];

  /** @throws RangeError for a capacity out of range */
  constructor({ name, capacity, inside, characters }: WindowedEngineOptions, runner: WindowRunner) {
    expectInteger('capacity', capacity, 1, MAX_CAPACITY);
    this.name = name;
    this.capacity = capacity;
    this.vocabularySize = inside.length;
    this.#inside = inside;
    this.#characters = characters;
    this.#runner = runner;
    this.#histories = Array.from({ length: capacity }, () => []);
    this.#checkpoints = Array.from({ length: CHECKPOINTS }, () => []);
  }

  async decode(batch: readonly Row[], steps: number): Promise<Int32Array> {
    checkRows(this, batch, steps);
    return this.#calls.run(async () => {
      this.#forget(batch.map((entry) => entry.slot));
      const drawn = new Int32Array(batch.length * steps);
      for (let step = 0; step < steps; step++) {
        batch.forEach(({ slot, feed }, i) => {
          this.#append(slot, step < feed.length ? feed[step]! : drawn[i * steps + step - 1]!);
        });
        const drawing = batch.flatMap((entry, i) => (step < entry.feed.length - 1 ? [] : [{ entry, i }]));
        if (drawing.length === 0) continue;
        const logits = await this.#logitsOf(drawing.map(({ entry }) => entry.slot));
        const size = this.vocabularySize;
        drawing.forEach(({ entry, i }, row) => {
          const previous = this.#histories[entry.slot]!.at(-1)!;
          drawn[i * steps + step] = drawFrom(logits, row * size, entry, step, this.#inside, previous);
        });
      }
      return drawn;
    });
  }

  async logits(slots: readonly number[], ids: ArrayLike<number>): Promise<Float32Array> {
    checkSlots(this, slots);
    checkIds(this, ids, slots.length);
    return this.#calls.run(() => {
      this.#forget(slots);
      slots.forEach((slot, i) => {
        this.#append(slot, ids[i]!);
      });
      return this.#logitsOf(slots);
    });
  }

  clear(slot: number): void {
    expectInteger('slot', slot, 0, this.capacity - 1);
    this.#cleared.add(slot);
  }

  checkpoint(slots: readonly number[], number: number): void {
    checkCheckpoint(this, slots, number);
    for (const slot of slots) {
      this.#checkpoints[number]![slot] = this.#cleared.has(slot) ? [] : [...this.#histories[slot]!];
    }
  }

  restore(slot: number, number: number): void {
    checkCheckpoint(this, [slot], number);
    this.#cleared.delete(slot);
    this.#histories[slot] = [...(this.#checkpoints[number]![slot] ?? [])];
  }

  close(): Promise<void> {
    return this.#calls.close(() => this.#runner.close());
  }

  #forget(slots: readonly number[]): void {
    for (const slot of slots) if (this.#cleared.delete(slot)) this.#histories[slot] = [];
  }

  #append(slot: number, id: number): void {
    const history = this.#histories[slot]!;
    history.push(id);
    if (history.length > this.#characters) history.shift();
  }

  #logitsOf(slots: readonly number[]): Promise<Float32Array> {
    const histories = slots.map((slot) => this.#histories[slot]!);
    const rows = slots.length;
    const lengths = Int32Array.from(histories, (history) => history.length);
    const steps = Math.max(...lengths);
    const ids = new Int32Array(steps * rows);
    histories.forEach((history, row) => {
      history.forEach((id, i) => {
        ids[(steps - history.length + i) * rows + row] = id;
      });
    });
    return this.#runner.run({ rows, steps, ids, lengths });
  }
}
