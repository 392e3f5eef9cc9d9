/**
 * A character model in memory: the one truth from which every engine builds what it needs. Matrices are
 * row-major float32; inputs multiply from the left and the gates stand in Keras's order: input, forget,
 * cell, output.
 *
 *   z = x kernel + h recurrentKernel + bias;  i, f, g, o = the four quarters of z
 *   c = sigmoid(f) c + sigmoid(i) tanh(g);    h = sigmoid(o) tanh(c)
 *   logits = h dense.kernel + dense.bias      of the last layer
 */
import { StoryError } from '../../errors.ts';
import type { Vocabulary } from '../vocabulary.ts';

export interface Model {
  /** The folder's name and the value of a request's `model`. */
  readonly name: string;
  /** The first 12 hexadecimal digits of the SHA-256 of the weights. */
  readonly version: string;
  readonly vocabulary: Vocabulary;
  readonly embedding: Embedding;
  /** From the one that reads characters to the one that the logits are made of; at least one. */
  readonly layers: readonly LstmLayer[];
  readonly dense: Dense;
  /** What whoever made the model wrote beside the weights: configuration, scores. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface Embedding {
  /** [rows, columns]: one row for each id of the vocabulary. */
  readonly matrix: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

export interface LstmLayer {
  readonly units: number;
  readonly inputSize: number;
  /** [inputSize, 4 * units] */
  readonly kernel: Float32Array;
  /** [units, 4 * units] */
  readonly recurrentKernel: Float32Array;
  /** [4 * units] */
  readonly bias: Float32Array;
}

export interface Dense {
  /** [units of the last layer, vocabulary size] */
  readonly kernel: Float32Array;
  /** [vocabulary size] */
  readonly bias: Float32Array;
}

/** Length of the digest's beginning that serves as a version. */
const VERSION_DIGITS = 12;

/** @param sha256 hexadecimal digest of the weights' bytes */
export function versionOf(sha256: string): string {
  return sha256.slice(0, VERSION_DIGITS);
}

/** Number of weights. */
export function parameterCount(model: Model): number {
  const layers = model.layers.map((layer) => [layer.kernel, layer.recurrentKernel, layer.bias]);
  const all = [model.embedding.matrix, ...layers.flat(), model.dense.kernel, model.dense.bias];
  return all.reduce((sum, weights) => sum + weights.length, 0);
}

/**
 * The error for a file of a model that cannot be used.
 *
 * @param file as somebody would look for it: `scifi/model.json`
 * @param problem what is wrong with it, without a full stop
 */
export function unusable(file: string, problem: string, cause?: unknown): StoryError {
  return new StoryError(
    'model_unavailable',
    `The model file ${file} cannot be used: ${problem}. Put the model's files back as they were, or choose another model.`,
    cause === undefined ? undefined : { cause },
  );
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
