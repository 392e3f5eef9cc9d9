/** The calls of an engine that concern the states of its slots only. No `node:` imports. */
import { checkCheckpoint, expectInteger } from './rows.ts';

/** The states of an engine's slots and their checkpoints; see `Engine`. */
export interface SlotStore {
  clear(slot: number): void;
  checkpoint(slots: readonly number[], number: number): void;
  restore(slot: number, number: number): void;
}

/** An engine that keeps its states in an object of their own: checks the arguments of the calls. */
export abstract class SlotEngine {
  abstract readonly capacity: number;
  protected abstract readonly states: SlotStore;

  clear(slot: number): void {
    expectInteger('slot', slot, 0, this.capacity - 1);
    this.states.clear(slot);
  }

  checkpoint(slots: readonly number[], number: number): void {
    checkCheckpoint(this, slots, number);
    this.states.checkpoint(slots, number);
  }

  restore(slot: number, number: number): void {
    checkCheckpoint(this, [slot], number);
    this.states.restore(slot, number);
  }
}
