/**
 * Where on the device each slot's state is. A slot has a place for its current state and one for each of its
 * checkpoints, and a decode writes to a place that no checkpoint needs: so clearing, saving and restoring a state
 * copies nothing. One more place, of zeros, is the state of all slots that have read nothing. No `node:` imports.
 */
import type { SlotStore } from '../slot-engine.ts';

/** A place holds two hidden states, which the steps of a decode write by turns. */
export interface State {
  readonly place: number;
  readonly half: 0 | 1;
}

export class Places implements SlotStore {
  /** Number of places. */
  readonly count: number;
  readonly #perSlot: number;
  readonly #zero: State;
  readonly #current: State[];
  /** By checkpoint number and slot. */
  readonly #checkpoints: State[][];

  constructor(capacity: number, checkpoints: number) {
    this.#perSlot = checkpoints + 1;
    const zero = { place: capacity * this.#perSlot, half: 0 } as const;
    this.#zero = zero;
    this.count = zero.place + 1;
    this.#current = new Array<State>(capacity).fill(zero);
    this.#checkpoints = Array.from({ length: checkpoints }, () => new Array<State>(capacity).fill(zero));
  }

  clear(slot: number): void {
    this.#current[slot] = this.#zero;
  }

  checkpoint(slots: readonly number[], number: number): void {
    for (const slot of slots) this.#checkpoints[number]![slot] = this.#current[slot]!;
  }

  restore(slot: number, number: number): void {
    this.#current[slot] = this.#checkpoints[number]![slot]!;
  }

  /** The state that a slot's next decode reads, and what its first step writes. */
  next(slot: number): { readonly from: State; readonly to: State } {
    const from = this.#current[slot]!;
    const kept = this.#checkpoints.map((states) => states[slot]!.place);
    let place = from.place;
    if (place === this.#zero.place || kept.includes(place)) {
      place = slot * this.#perSlot;
      while (kept.includes(place)) place += 1;
    }
    return { from, to: { place, half: from.half === 0 ? 1 : 0 } };
  }

  /** After a decode of `steps` steps, whose first wrote `to`. */
  advance(slot: number, to: State, steps: number): void {
    this.#current[slot] = { place: to.place, half: ((to.half + steps - 1) % 2) as 0 | 1 };
  }
}
