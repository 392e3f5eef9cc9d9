/**
 * The interface between the scheduler and the code that multiplies matrices. An engine holds one model's
 * weights and the recurrent state of up to `capacity` slots, and advances any set of slots by the same number
 * of characters in one decode. It knows no prompt, no story and no fairness: those belong to the scheduler.
 *
 * Every engine guarantees two things: a slot's characters do not depend on the other slots (bit for bit), and
 * a drawn character is the inverse of the cumulative distribution of the allowed ids at the row's uniform
 * (see sampler.ts).
 *
 * Every engine runs every kind of layer in model/layers.ts. In a model with a bidirectional layer, a slot's
 * state is the window of ids that it read last, and each character takes a pass over the whole window (see
 * windowed-engine.ts).
 */
import { StoryError } from '../../errors.ts';
import type { DrawProbabilities } from '../draw-probabilities.ts';
import type { AllowedIds } from '../sampler.ts';

/** Largest number of slots of an engine. */
export const MAX_CAPACITY = 8_192;
/** Checkpoints of each slot: one before the current word, and one after it for the word that follows. */
export const CHECKPOINTS = 2;

export interface Engine {
  /**
   * Name in footers and logs, from which `arithmeticOf` tells whose stories it continues: `onnx`,
   * `tensorflow-webgpu`, ...
   */
  readonly name: string;
  /** Number of slots; they are numbered from 0 to capacity - 1. */
  readonly capacity: number;
  /** Size of the vocabulary: the number of logits of a slot. */
  readonly vocabularySize: number;
  /**
   * Largest number of characters of a decode: 1 where a decode has no fixed cost, several where each has one: a
   * round trip to a device, or the start of threads.
   */
  readonly stepsPerDecode: number;
  /**
   * Characters per decode that suit a number of rows at the speed measured so far; absent where `stepsPerDecode`
   * suits all.
   */
  stepsFor?(rows: number): number;
  /**
   * Number of rows from which on two decodes of half of them, one requested while the other is active, take no
   * longer than one of all. The caller then handles the results of one while the engine computes the other.
   * Absent where the engine takes one decode at a time.
   */
  readonly rowsToSplit?: number | undefined;
  /**
   * Whether `decode` gives the probabilities of the draws of rows that ask for them; an engine without it ignores
   * what they ask.
   */
  readonly givesProbabilities?: boolean;

  /**
   * Advances every row by `steps` characters. In step `j` a row consumes `feed[j]` while it has one,
   * otherwise the character that it drew in step `j - 1`; then it draws the next one.
   *
   * @param batch at least one, at most `capacity`, no slot twice, each with 1 to `steps` ids to feed
   * @param steps characters to advance; 1 to `stepsPerDecode`
   * @returns the ids drawn, row by row: shape [batch.length, steps]. Ids drawn while the row still had ids to
   *   feed (`j < feed.length - 1`) have no meaning.
   */
  decode(batch: readonly Row[], steps: number): Promise<Int32Array>;

  /**
   * Feeds one id to each slot and returns the unnormalised log-probabilities of the next id: shape
   * [slots.length, vocabularySize], row-major. For evaluation and for the tests that compare engines with
   * their reference; stories use `decode`.
   */
  logits(slots: readonly number[], ids: ArrayLike<number>): Promise<Float32Array>;

  /** Sets a slot's state to that of a slot that has read nothing: zeros, or an empty window. */
  clear(slot: number): void;

  /**
   * Stores the current state of each slot as its checkpoint of that number, 0 to `CHECKPOINTS` - 1, and
   * replaces an earlier one.
   */
  checkpoint(slots: readonly number[], number: number): void;

  /**
   * Sets a slot's state to its checkpoint of that number. The checkpoint remains. For a slot without a
   * checkpoint of that number the result is undefined; `clear` does not change checkpoints.
   */
  restore(slot: number, number: number): void;

  /** Releases memory and threads. The engine cannot be used afterwards. */
  close(): Promise<void>;
}

/**
 * The engine's device was lost (driver reset, out of memory, unplugged). The engine cannot be used any more;
 * another engine can resume its stories.
 */
export class EngineLostError extends StoryError {
  constructor(engine: string, reason: string) {
    super('internal', `The device of the engine ${engine} was lost: ${reason}`);
    this.name = 'EngineLostError';
  }
}

/** The engines that compute in floats of 32 bits, and differ by rounding only. */
const FLOAT32_ENGINES = /^(onnx$|tensorflow-)/;

/**
 * The arithmetic of an engine. Engines of one arithmetic continue one another's stories; any other engine
 * would continue a story with other characters than its writer.
 *
 * @param engine its name
 */
export function arithmeticOf(engine: string): string {
  return FLOAT32_ENGINES.test(engine) ? 'float32' : engine;
}

/** What one slot does in one decode. */
export interface Row {
  readonly slot: number;
  /** Ids to consume before drawing; 1 to `steps` of them. */
  readonly feed: ArrayLike<number>;
  /**
   * Softmax temperature; 0 is argmax. Where `wordTemperature` is given, of the draws inside of words only.
   */
  readonly temperature: number;
  /** Softmax temperature of every draw that does not follow a letter or an apostrophe; see `insideWord`. */
  readonly wordTemperature?: number | undefined;
  /**
   * Ids whose probability is below this fraction of the likeliest id's are not drawn; 0, the default,
   * excludes none.
   */
  readonly minP?: number | undefined;
  /** One uniform in [0, 1) for each step of the decode. Those of steps that only feed are not used. */
  readonly uniforms: ArrayLike<number>;
  /**
   * The ids that each step of the decode may draw; `undefined` for a step without restriction. Absent where
   * no step is restricted, which is the usual case: engines then do no work for it.
   */
  readonly allowed?: readonly (AllowedIds | undefined)[] | undefined;
  /**
   * Receives the probabilities of the row's draws, and has room for each step of the decode. Absent where they are not
   * wanted, which is the usual case: engines then do no work for it.
   */
  readonly probabilities?: DrawProbabilities | undefined;
}
