/**
 * Conversion between a Model and the content of its files: parsed `model.json`, parsed `vocabulary.json` and
 * the weights' bytes. No `node:` imports: a browser gets the same files over HTTP.
 */
import { LEXICON_FILE, Lexicon } from '../lexicon.ts';
import { Vocabulary } from '../vocabulary.ts';
import type { Dialect } from './activations.ts';
import { buildLayers } from './build-layers.ts';
import { type Layer, outputSize } from './layers.ts';
import type { Model, Reading } from './model.ts';
import { isRecord, shorten, unusable, versionOf } from './model.ts';
import type { Topology } from './topology.ts';
import { readTopology } from './topology.ts';
import { namedWeight } from './weight-names.ts';
import type { WeightsDtype, WeightsManifest } from './weights.ts';
import { packWeights, readWeightsManifest, unpackWeights } from './weights.ts';
import { writeLayers, writeModelConfig } from './write-topology.ts';

export const MODEL_FILE = 'model.json';
export const VOCABULARY_FILE = 'vocabulary.json';
export const WEIGHTS_FILE = 'weights.bin';

/** The validated content of a `model.json`: which files to read and how to interpret them. */
export interface ModelPlan {
  readonly topology: Topology;
  readonly weights: WeightsManifest;
  /** Hexadecimal SHA-256 of the shards' bytes, one after the other; null where it is not recorded. */
  readonly sha256: string | null;
  readonly reading: Reading;
  /** Hexadecimal SHA-256 of the model's `lexicon.bin`; null where there is none. */
  readonly lexiconSha256: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** The content of all files of a model. */
export interface ModelFiles {
  readonly name: string;
  readonly plan: ModelPlan;
  /** Parsed content of `vocabulary.json`. */
  readonly vocabulary: unknown;
  /** The bytes of all shards, one after the other. */
  readonly bytes: Uint8Array;
  /** Hexadecimal SHA-256 of `bytes`. */
  readonly sha256: string;
  /** The content of `lexicon.bin`; absent where the file is. */
  readonly lexicon?: Uint8Array;
}

/**
 * @param json parsed content of a `model.json`
 * @param name the model's name, for errors
 * @throws StoryError `model_unavailable` for a model that cannot be run
 */
export function readModelPlan(json: unknown, name: string): ModelPlan {
  const file = `${name}/${MODEL_FILE}`;
  if (!isRecord(json)) throw unusable(file, 'it is not a JSON object');
  const metadata = isRecord(json.userDefinedMetadata) ? json.userDefinedMetadata : {};
  const { weightsSha256, window, lexiconSha256, ...rest } = metadata;
  const topology = readTopology(json.modelTopology, { file });
  const [first] = topology.plans;
  if (first?.kind === 'embedding' && first.masksZero)
    throw unusable(file, `its layer ${first.name} masks an id`);
  return {
    topology,
    weights: readWeightsManifest(json.weightsManifest, file),
    sha256: typeof weightsSha256 === 'string' ? weightsSha256 : null,
    reading: readReading(window, file),
    lexiconSha256: typeof lexiconSha256 === 'string' ? lexiconSha256 : null,
    metadata: rest,
  };
}

/**
 * @param window length in characters of the windows in training; undefined for a model that carries its state
 */
export function readReading(window: unknown, file: string): Reading {
  if (window === undefined) return { kind: 'stateful' };
  if (typeof window === 'number' && Number.isSafeInteger(window) && window > 0) {
    return { kind: 'window', characters: window };
  }
  throw unusable(file, `its \`window\` is ${shorten(window)}, not a number of characters`);
}

/** @throws StoryError `model_unavailable` when the files do not match each other */
export function assembleModel({ name, plan, vocabulary, bytes, sha256, lexicon }: ModelFiles): Model {
  const weightsFile = `${name}/${plan.weights.shards.join('+')}`;
  if (bytes.length !== plan.weights.byteLength) {
    throw unusable(
      weightsFile,
      `it has ${bytes.length} bytes, ${MODEL_FILE} says ${plan.weights.byteLength}`,
    );
  }
  if (plan.sha256 !== null && plan.sha256 !== sha256) {
    throw unusable(weightsFile, `its SHA-256 is not the one in ${MODEL_FILE}, so it was changed or damaged`);
  }
  const file = `${name}/${MODEL_FILE}`;
  const tensors = [...unpackWeights(plan.weights.specs, bytes).values()];
  const layers = buildLayers(plan.topology.plans, (slot) => namedWeight(tensors, slot), file);
  const vocabularyFile = `${name}/${VOCABULARY_FILE}`;
  const characters = new Vocabulary(vocabulary, vocabularyFile);
  const { reads, writes } = sizesOf(layers);
  if (characters.size !== reads || characters.size !== writes) {
    throw unusable(
      vocabularyFile,
      `it has ${characters.size} characters, but the model reads ${reads} and writes ${writes}`,
    );
  }
  return {
    name,
    version: versionOf(sha256),
    vocabulary: characters,
    layers,
    reading: plan.reading,
    ...(lexicon && { lexicon: new Lexicon(lexicon, `${name}/${LEXICON_FILE}`) }),
    metadata: plan.metadata,
  };
}

/**
 * @param sha256 of the bytes of a model's lexicon
 * @throws StoryError `model_unavailable` when it is not the lexicon that `model.json` names
 */
export function checkLexicon(name: string, plan: Pick<ModelPlan, 'lexiconSha256'>, sha256: string): void {
  if (plan.lexiconSha256 === sha256) return;
  const problem = `its SHA-256 is not the one in ${MODEL_FILE}, so it was changed or damaged`;
  throw unusable(`${name}/${LEXICON_FILE}`, problem);
}

/** The number of ids that layers read, and of logits that they compute. */
export function sizesOf(layers: readonly Layer[]): { reads: number; writes: number } {
  const first = layers[0]!;
  const reads = first.kind === 'embedding' ? first.rows : outputSize(first, 0);
  return { reads, writes: layers.reduce((size, layer) => outputSize(layer, size), 0) };
}

/**
 * The weights' bytes of a model, in parts, and a function that writes its `model.json`, given their SHA-256
 * and that of its lexicon, if it has one.
 *
 * @param dialect of the names and layers in the file
 */
export function disassembleModel(
  model: Model,
  dtype: WeightsDtype,
  dialect: Dialect = 'ours',
): {
  parts: Uint8Array[];
  modelFile: (sha256: string, lexiconSha256: string | undefined) => Record<string, unknown>;
} {
  const { name, reading } = model;
  const written = writeLayers(model.layers, { dialect, reading, model: name });
  const { parts, specs } = packWeights(
    written.flatMap(({ weights }) => weights),
    dtype,
  );
  const modelFile = (sha256: string, lexiconSha256: string | undefined) => ({
    format: 'layers-model',
    generatedBy: 'write-me-a-sci-fi',
    convertedBy: null,
    modelTopology: {
      ...writeModelConfig(written),
      keras_version: 'tfjs-layers 4.22.0',
      backend: 'tensor_flow.js',
    },
    weightsManifest: [{ paths: [WEIGHTS_FILE], weights: specs }],
    userDefinedMetadata: {
      ...model.metadata,
      ...(reading.kind === 'window' ? { window: reading.characters } : {}),
      weightsSha256: sha256,
      ...(lexiconSha256 === undefined ? {} : { lexiconSha256 }),
    },
  });
  return { parts, modelFile };
}
