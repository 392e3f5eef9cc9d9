/**
 * The seam between the batch and whatever multiplies the matrices. An engine holds one model's weights and
 * the recurrent state of up to `capacity` slots, and advances any set of slots by the same number of
 * characters in one trip. It knows no prompt, no story and no fairness: that is the batch's.
 *
 * Every engine keeps two promises: a slot's characters do not depend on its neighbours (bit for bit), and a
 * drawn character is the inverse of the cumulative distribution of the allowed ids at the lane's uniform (see
 * sampling.ts).
 *
 * Every engine runs every kind of layer in model/layers.ts. Where one of them is bidirectional a slot's state is the
 * window of ids that it read last, and each character takes a pass over all of it (see windowed-engine.ts).
 */
import { StoryError } from '../../errors.ts';
import type { AllowedIds } from '../sampler.ts';

/** Slots that an engine may have at most. */
export const MAX_CAPACITY = 8_192;
/** Checkpoints of each slot: one before the present word, and one after it for what comes next. */
export const CHECKPOINTS = 2;

export interface Engine {
  /** What a footer and a log call it: `onnx`, `tensorflow-webgpu`, ... */
  readonly name: string;
  /** How many slots it can hold; slots are numbered from 0 to capacity - 1. */
  readonly capacity: number;
  /** Size of the vocabulary: the number of logits a slot has. */
  readonly vocabularySize: number;
  /**
   * Characters per trip that suit this engine: 1 where a trip costs nothing (a CPU), several where every
   * trip is a round trip to a device.
   */
  readonly stepsPerDecode: number;

  /**
   * Advances every lane by `steps` characters. In step `j` a lane consumes `feed[j]` while it has one,
   * otherwise the character that it drew in step `j - 1`; then it draws the next one.
   *
   * @param batch at least one, at most `capacity`, no slot twice, each with 1 to `steps` ids to feed
   * @param steps characters to advance; 1 to `stepsPerDecode`
   * @returns the ids drawn, lane by lane: shape [lanes.length, steps]. Ids drawn while the lane still had
   *   something to feed (`j < feed.length - 1`) mean nothing.
   */
  decode(batch: readonly Row[], steps: number): Promise<Int32Array>;

  /**
   * Feeds one id to each of the slots and returns the unnormalised log-probabilities of what follows: shape
   * [slots.length, vocabularySize], row-major. For evaluation and for the tests that hold engines to their
   * reference; stories go through `advance`.
   */
  logits(slots: readonly number[], ids: ArrayLike<number>): Promise<Float32Array>;

  /** Sets a slot's state to that of a row that has read nothing: zeros, or an empty window. */
  clear(slot: number): void;

  /**
   * Remembers the present state of each of the slots as its checkpoint of that number, 0 to `CHECKPOINTS` - 1, in the
   * place of an earlier one.
   */
  checkpoint(slots: readonly number[], number: number): void;

  /**
   * Sets a slot's state to its checkpoint of that number. The checkpoint stays. A slot that has none of that number
   * is a mistake of the caller's, with undefined results; `clear` leaves checkpoints as they are.
   */
  restore(slot: number, number: number): void;

  /** Releases memory and threads. The engine cannot be used afterwards. */
  close(): Promise<void>;
}

/**
 * The device under an engine is gone (driver reset, out of memory, unplugged). The engine is of no more use;
 * its stories can be written on by another.
 */
export class EngineLostError extends StoryError {
  constructor(engine: string, reason: string) {
    super('internal', `The device of the engine ${engine} was lost: ${reason}`);
    this.name = 'EngineLostError';
  }
}

/** What one slot does in one trip. */
export interface Row {
  readonly slot: number;
  /** Ids to consume before drawing; 1 to `steps` of them. */
  readonly feed: ArrayLike<number>;
  /** Softmax temperature; 0 is argmax. Where `wordTemperature` is given, of the draws inside of words only. */
  readonly temperature: number;
  /** Softmax temperature of every draw that does not follow a letter or an apostrophe; see `insideWord`. */
  readonly wordTemperature?: number;
  /** Ids less likely than this share of the likeliest are not drawn; 0, the default, leaves out nothing. */
  readonly minP?: number;
  /** One uniform in [0, 1) for each step of the trip. Those of steps that only feed are not used. */
  readonly uniforms: ArrayLike<number>;
  /**
   * The ids that each step of the trip may draw, where not all may; `undefined` for a step that may draw any. Left
   * out where no step is restricted, which is the rule: engines spend nothing on it then.
   */
  readonly allowed?: readonly (AllowedIds | undefined)[];
}
