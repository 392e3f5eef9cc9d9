/** A character model in memory, from which every engine builds what it needs. */
import { StoryError } from '../../errors.ts';
import type { Lexicon } from '../lexicon.ts';
import type { Vocabulary } from '../vocabulary.ts';
import { type Layer, weightsOf } from './layers.ts';

export interface Model {
  /** The folder's name and the value of a request's `model`. */
  readonly name: string;
  /** The first 12 hexadecimal digits of the SHA-256 of the weights. */
  readonly version: string;
  readonly vocabulary: Vocabulary;
  /**
   * From the one that reads ids to the one whose outputs are the logits of the next id. A final softmax is
   * omitted here, and written again when the model is saved.
   */
  readonly layers: readonly Layer[];
  readonly reading: Reading;
  /** The words of its training text; absent where its folder has no `lexicon.bin`. */
  readonly lexicon?: Lexicon;
  /** Metadata that the model's author wrote beside the weights: configuration, scores. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/**
 * How a model was trained to read: `stateful` with a state that is carried from a work's beginning to its
 * end, or in windows of a fixed number of characters, each from a cleared state, so that it has not learned
 * longer dependencies.
 */
export type Reading =
  | { readonly kind: 'stateful' }
  | { readonly kind: 'window'; readonly characters: number };

/** Number of the digest's first digits that form a version. */
const VERSION_DIGITS = 12;

/** @param sha256 hexadecimal digest of the weights' bytes */
export function versionOf(sha256: string): string {
  return sha256.slice(0, VERSION_DIGITS);
}

/** Number of weights. */
export function parameterCount(model: Model): number {
  return model.layers.flatMap(weightsOf).reduce((sum, weights) => sum + weights.length, 0);
}

/** Longest problem and file name of a message, in characters: both may be made of what the file contains. */
const MAX_PROBLEM = 400;
const MAX_FILE = 120;
/** Longest value in a message. */
const SHOWN_CHARACTERS = 80;

/** A file of a model cannot be used. */
export class ModelFileError extends StoryError {
  /** The file's path as users know it: `scifi/model.json`. */
  readonly file: string;
  /** What is wrong with it, without a full stop. */
  readonly problem: string;

  constructor(file: string, problem: string, options?: ErrorOptions) {
    super(
      'model_unavailable',
      `The model file ${file} cannot be used: ${problem}. Put the model's files back as they were, or choose another model.`,
      options,
    );
    this.file = file;
    this.problem = problem;
  }
}

/**
 * The error for a file of a model that cannot be used.
 *
 * @param file the file's path as users know it: `scifi/model.json`
 * @param problem what is wrong with it, without a full stop
 */
export function unusable(file: string, problem: string, cause?: unknown): ModelFileError {
  const options = cause === undefined ? undefined : { cause };
  return new ModelFileError(inOneLine(file, MAX_FILE), inOneLine(problem, MAX_PROBLEM), options);
}

/** A value as an error message shows it: a file may contain any value. */
export function shorten(value: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(value) ?? 'undefined';
  } catch {
    return 'a value that is nested too deep';
  }
  return inOneLine(text, SHOWN_CHARACTERS);
}

/** A text of limited length whose control characters are escaped, as a terminal shows them. */
function inOneLine(text: string, most: number): string {
  const short = text.length <= most ? text : `${text.slice(0, most)}...`;
  return short.replace(/\p{Cc}/gu, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
