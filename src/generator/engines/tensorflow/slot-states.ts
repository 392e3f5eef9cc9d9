/**
 * The recurrent states of an engine's slots. The slots of a trip are seated: their states are the first rows
 * of one tensor for each state of a layer, in the trip's order, and stay so while the slots stay the same. The rest of
 * the slots are parked in tensors of their own.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { States } from './layers.ts';

/** Some slots' states, row by row. */
interface Rows {
  readonly slots: readonly number[];
  /** May have more rows than there are slots. */
  readonly states: States;
}

const NOBODY: Rows = { slots: [], states: [] };

export class SlotStates {
  /** Makes the states of rows that have read nothing. */
  readonly #zeroStates: (rows: number) => States;
  #seated = NOBODY;
  #parked = NOBODY;
  /** Slots whose state is zeros, whatever is stored for them. */
  readonly #cleared = new Set<number>();

  constructor(zeroStates: (rows: number) => States) {
    this.#zeroStates = zeroStates;
  }

  clear(slot: number): void {
    this.#cleared.add(slot);
  }

  /** States of the slots that were seated last. */
  get states(): States {
    return this.#seated.states;
  }

  /** Replaces them by what a trip made of them. The old ones are disposed of. */
  replace(states: States): void {
    tf.dispose([...this.#seated.states]);
    this.#seated = { slots: this.#seated.slots, states };
  }

  /** Makes the first rows of `states` those of `slots`, in their order, and as many zeros as fill `rows`. */
  seat(slots: readonly number[], rows: number): void {
    const { slots: before } = this.#seated;
    const same = slots.length === before.length && slots.every((slot, row) => slot === before[row]);
    if (same && rowsOf(this.#seated) === rows && !slots.some((slot) => this.#cleared.has(slot))) return;

    const parkedFrom = rowsOf(this.#seated);
    const zeroRow = parkedFrom + rowsOf(this.#parked);
    const rowOf = new Map<number, number>();
    before.forEach((slot, row) => {
      if (!this.#cleared.has(slot)) rowOf.set(slot, row);
    });
    this.#parked.slots.forEach((slot, i) => {
      if (!this.#cleared.has(slot)) rowOf.set(slot, parkedFrom + i);
    });
    const staying = new Set(slots);
    const leaving = [...rowOf.keys()].filter((slot) => !staying.has(slot));

    const wanted = new Int32Array(rows).fill(zeroRow);
    slots.forEach((slot, row) => {
      wanted[row] = rowOf.get(slot) ?? zeroRow;
    });
    const seated = { slots, states: this.#pick(wanted) };
    const rowsLeaving = Int32Array.from(leaving, (slot) => rowOf.get(slot)!);
    const parked = leaving.length > 0 ? { slots: leaving, states: this.#pick(rowsLeaving) } : NOBODY;
    this.dispose();
    this.#seated = seated;
    this.#parked = parked;
    for (const slot of slots) this.#cleared.delete(slot);
  }

  dispose(): void {
    tf.dispose([...this.#seated.states, ...this.#parked.states]);
  }

  /** Rows of what is seated, what is parked below that, and a row of zeros below that. */
  #pick(rows: Int32Array): States {
    return tf.tidy(() => {
      const indices = tf.tensor1d(rows, 'int32');
      const zeros = this.#zeroStates(1);
      return zeros.map((zero, i) => {
        const parts = [this.#seated.states[i], this.#parked.states[i], zero];
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
