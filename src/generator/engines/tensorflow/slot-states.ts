/**
 * The recurrent states of an engine's slots, and their checkpoints. Tensors are never changed in place, so a
 * checkpoint is a row of the tensors that were current when it was taken; tensors are kept while a checkpoint
 * refers to them. The slots of a decode are seated: their states are the first rows of one tensor for each
 * state of a layer, in the order of the rows, and stay there while the slots stay the same. The other slots
 * are parked in separate tensors.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { SlotStore } from '../slot-engine.ts';
import type { States } from './layers.ts';

/** Some slots' states, row by row. */
interface Rows {
  readonly slots: readonly number[];
  /** May have more rows than slots. */
  readonly states: States;
}

const NO_ROWS: Rows = { slots: [], states: [] };

/** A row of states that are kept beyond their step. */
interface Checkpoint {
  readonly states: States;
  readonly row: number;
}

export class SlotStates implements SlotStore {
  /** Creates the states of rows that have read nothing. */
  readonly #zeroStates: (rows: number) => States;
  #seated = NO_ROWS;
  #parked = NO_ROWS;
  /** Slots whose state is zeros, regardless of the stored state. */
  readonly #cleared = new Set<number>();
  /** By slot and checkpoint number; undefined for zeros. */
  readonly #checkpoints = new Map<string, Checkpoint | undefined>();
  /** Number of checkpoints that refer to these states. */
  readonly #uses = new Map<States, number>();
  /** Slots whose state is a checkpoint, regardless of the stored state. */
  readonly #restored = new Map<number, Checkpoint>();

  constructor(zeroStates: (rows: number) => States) {
    this.#zeroStates = zeroStates;
  }

  clear(slot: number): void {
    this.#cleared.add(slot);
    this.#restored.delete(slot);
  }

  /** Stores the current state of each slot as its checkpoint of that number. */
  checkpoint(slots: readonly number[], number: number): void {
    const seated = new Map(this.#seated.slots.map((slot, row) => [slot, row]));
    for (const slot of slots) {
      const present = this.#present(slot, seated.get(slot));
      if (present) this.#uses.set(present.states, (this.#uses.get(present.states) ?? 0) + 1);
      const key = `${slot} ${number}`;
      const earlier = this.#checkpoints.get(key);
      this.#checkpoints.set(key, present);
      if (earlier) this.#release(earlier.states);
    }
  }

  /** Sets a slot's state to its checkpoint of that number. */
  restore(slot: number, number: number): void {
    const checkpoint = this.#checkpoints.get(`${slot} ${number}`);
    this.#restored.delete(slot);
    this.#cleared.delete(slot);
    if (checkpoint) this.#restored.set(slot, checkpoint);
    else this.#cleared.add(slot);
  }

  #present(slot: number, seatedRow: number | undefined): Checkpoint | undefined {
    if (this.#cleared.has(slot)) return undefined;
    const restored = this.#restored.get(slot);
    if (restored) return restored;
    if (seatedRow !== undefined) return { states: this.#seated.states, row: seatedRow };
    const row = this.#parked.slots.indexOf(slot);
    return row < 0 ? undefined : { states: this.#parked.states, row };
  }

  #release(states: States): void {
    const uses = this.#uses.get(states)! - 1;
    if (uses > 0) this.#uses.set(states, uses);
    else {
      this.#uses.delete(states);
      if (states !== this.#seated.states && states !== this.#parked.states) tf.dispose([...states]);
    }
  }

  /** Disposes of states that are no longer current, unless a checkpoint refers to them. */
  #retire(states: States): void {
    if (!this.#uses.has(states)) tf.dispose([...states]);
  }

  /** States of the seated slots. */
  get states(): States {
    return this.#seated.states;
  }

  /** Replaces them by the states after a decode, and disposes of the old ones. */
  replace(states: States): void {
    const before = this.#seated.states;
    this.#seated = { slots: this.#seated.slots, states };
    this.#retire(before);
  }

  /** Arranges the first rows of `states` as `slots`, in that order, padded with zeros to `rows`. */
  seat(slots: readonly number[], rows: number): void {
    const { slots: before } = this.#seated;
    const same = slots.length === before.length && slots.every((slot, row) => slot === before[row]);
    const isElsewhere = (slot: number) => this.#cleared.has(slot) || this.#restored.has(slot);
    if (same && rowsOf(this.#seated) === rows && !slots.some(isElsewhere)) return;

    const parkedFrom = rowsOf(this.#seated);
    const checkpoints = slots.flatMap((slot) => this.#restored.get(slot) ?? []);
    const restoredFrom = parkedFrom + rowsOf(this.#parked);
    const zeroRow = restoredFrom + checkpoints.length;
    const rowOf = new Map<number, number>();
    before.forEach((slot, row) => {
      if (!this.#cleared.has(slot)) rowOf.set(slot, row);
    });
    this.#parked.slots.forEach((slot, i) => {
      if (!this.#cleared.has(slot)) rowOf.set(slot, parkedFrom + i);
    });
    checkpoints.forEach((checkpoint, i) => {
      const slot = slots.find((one) => this.#restored.get(one) === checkpoint)!;
      rowOf.set(slot, restoredFrom + i);
    });
    const staying = new Set(slots);
    const leaving = [...rowOf.keys()].filter((slot) => !staying.has(slot));

    const wanted = new Int32Array(rows).fill(zeroRow);
    slots.forEach((slot, row) => {
      wanted[row] = rowOf.get(slot) ?? zeroRow;
    });
    const seated = { slots, states: this.#pick(wanted, checkpoints) };
    const rowsLeaving = Int32Array.from(leaving, (slot) => rowOf.get(slot)!);
    const parked =
      leaving.length > 0 ? { slots: leaving, states: this.#pick(rowsLeaving, checkpoints) } : NO_ROWS;
    const retired = [this.#seated.states, this.#parked.states];
    this.#seated = seated;
    this.#parked = parked;
    for (const states of retired) this.#retire(states);
    for (const slot of slots) {
      this.#cleared.delete(slot);
      this.#restored.delete(slot);
    }
  }

  dispose(): void {
    const all = new Set([this.#seated.states, this.#parked.states, ...this.#uses.keys()]);
    for (const states of all) tf.dispose([...states]);
  }

  /** Selects rows of the seated states, followed by the parked states, checkpoints, and a row of zeros. */
  #pick(rows: Int32Array, checkpoints: readonly Checkpoint[]): States {
    return tf.tidy(() => {
      const indices = tf.tensor1d(rows, 'int32');
      const zeros = this.#zeroStates(1);
      return zeros.map((zero, i) => {
        const restored = checkpoints.map(({ states, row }) => tf.slice(states[i]!, [row, 0], [1, -1]));
        const parts = [this.#seated.states[i], this.#parked.states[i], ...restored, zero];
        return tf.gather(
          tf.concat2d(
            parts.filter((part) => part !== undefined),
            0,
          ),
          indices,
        );
      });
    });
  }
}

function rowsOf({ states }: Rows): number {
  return states[0]?.shape[0] ?? 0;
}
