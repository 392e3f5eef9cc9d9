/** The interface between the scheduler and what it runs. No `node:` imports. */
import type { RecordedDraw } from './probability-record.ts';
import type { AllowedIds } from './sampler.ts';

/** A sequence as the scheduler runs it. */
export interface Sequence {
  /** Ids to feed before the first draw; at least one. */
  readonly prompt: readonly number[];
  /** See `Row`. */
  readonly temperature: number;
  readonly wordTemperature?: number | undefined;
  readonly minP?: number | undefined;
  /** The uniform in [0, 1) for the `index`-th draw, 0 for the first. */
  uniform(index: number): number;
  /**
   * The ids that the `index`-th draw may give, as the same object for the same set; undefined for all of
   * them. The answer may depend on ids taken before: an id drawn from another set in the same decode is drawn
   * again.
   */
  allowed?(index: number): AllowedIds | undefined;
  /**
   * Receives a drawn id and returns the id to feed next (the same one, unless the network is to read
   * another), a rewind, or undefined when the sequence is over.
   *
   * @param draw its probabilities, where the sequence asks for them
   */
  take(id: number, draw?: RecordedDraw): number | Rewind | undefined;
  /**
   * The earliest draw to which the next `take` is likely to rewind, such as that of a word's first letter:
   * the state before it is kept, which makes the rewind cheap. Absent where rewinds are rare.
   */
  readonly rewindPoint?: (() => number) | undefined;
  /** Whether it asks for the probabilities of its draws; the engine must give them. */
  readonly asksProbabilities?: boolean;
}

/**
 * Returns to an earlier draw: that draw and all later ones are discarded and drawn again, and `uniform` is
 * called again for each. The network continues from the last checkpoint before that draw; where there is none
 * (see `rewindPoint`), it reads everything from the beginning, a character a step.
 */
export interface Rewind {
  /** Index of the draw to return to: 0 to that of the draw just taken. */
  readonly to: number;
  /** Ids that replace as many draws there. */
  readonly instead?: readonly number[];
}
