/**
 * The states of an engine's slots, and their checkpoints. Clearing and restoring take effect when a slot reads
 * next, because a decode may be active meanwhile. No `node:` imports.
 */
import type { SlotStore } from '../slot-engine.ts';
import type { Views } from './arena.ts';
import type { NetworkLayout } from './network-layout.ts';

interface LayerCheckpoint {
  /** [capacity, units] */
  readonly hidden: Uint8Array;
  readonly cells: Float32Array;
}

export class SlotStates implements SlotStore {
  /** For each slot, which half of `hidden` holds its current state. */
  readonly halves: Uint8Array;
  readonly #network: NetworkLayout;
  readonly #views: Views;
  readonly #cleared = new Set<number>();
  /** Slots whose state is their checkpoint of this number. */
  readonly #restored = new Map<number, number>();
  /** By checkpoint number and layer. */
  readonly #checkpoints: readonly (readonly LayerCheckpoint[])[];

  constructor(network: NetworkLayout, views: Views, checkpoints: number) {
    this.#network = network;
    this.#views = views;
    this.halves = new Uint8Array(network.capacity);
    this.#checkpoints = Array.from({ length: checkpoints }, () =>
      network.plan.layers.map(({ units }) => ({
        hidden: new Uint8Array(network.capacity * units),
        cells: new Float32Array(network.capacity * units),
      })),
    );
    for (let slot = 0; slot < network.capacity; slot++) this.#cleared.add(slot);
  }

  clear(slot: number): void {
    this.#cleared.add(slot);
    this.#restored.delete(slot);
  }

  restore(slot: number, number: number): void {
    this.#cleared.delete(slot);
    this.#restored.set(slot, number);
  }

  checkpoint(slots: readonly number[], number: number): void {
    for (const slot of slots) this.#save(slot, number);
  }

  #save(slot: number, number: number): void {
    if (this.#restored.get(slot) === number) return;
    this.settle(slot);
    const { bytes, floats } = this.#views;
    this.#network.layers.forEach((layer, i) => {
      const { units } = layer.plan;
      const { hidden, cells } = this.#network.statesOf(layer, slot, this.halves[slot]!);
      const saved = this.#checkpoints[number]![i]!;
      saved.hidden.set(bytes.subarray(hidden, hidden + units), slot * units);
      saved.cells.set(floats.subarray(cells, cells + units), slot * units);
    });
  }

  /** Writes a slot's state into the memory where it was cleared or restored. */
  settle(slot: number): void {
    const number = this.#restored.get(slot);
    if (this.#cleared.delete(slot)) this.#network.clear(this.#views, slot, this.halves[slot]!);
    if (number === undefined) return;
    this.#restored.delete(slot);
    const { bytes, floats } = this.#views;
    this.#network.layers.forEach((layer, i) => {
      const { units } = layer.plan;
      const { hidden, cells } = this.#network.statesOf(layer, slot, this.halves[slot]!);
      const saved = this.#checkpoints[number]![i]!;
      bytes.set(saved.hidden.subarray(slot * units, (slot + 1) * units), hidden);
      floats.set(saved.cells.subarray(slot * units, (slot + 1) * units), cells);
    });
  }

  /** After a decode: its last step may have written the other half. */
  advance(slot: number, steps: number): void {
    this.halves[slot]! ^= steps & 1;
  }
}
