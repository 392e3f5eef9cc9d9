import type { Counts } from './counts.ts';

/** A fault that occurs while users wait for stories. */
export interface Fault {
  readonly name: string;
  /** How it is provoked. */
  readonly how: string;
  /** Provokes it; rejects with the violated expectation. */
  run(): Promise<Outcome>;
}

export interface Outcome extends Counts {
  /** Further observations. */
  readonly remark?: string;
}

/** Random numbers from 0 to 1 that are the same for the same seed (mulberry32 by Tommy Ettinger, public domain). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** So few stories at a time that some are still being written when the fault occurs. */
export const FEW_SLOTS = { SCIFI_SLOTS: '2' };
