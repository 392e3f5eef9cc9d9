/** Models on disk: a folder for each, and the list of the offered ones. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { StoryError } from '../../errors.ts';
import { makeFolder } from '../../make-folder.ts';
import type { ModelChoice } from '../../story/story.ts';
import { LEXICON_FILE, type Lexicon } from '../lexicon.ts';
import type { Dialect } from './activations.ts';
import type { ModelPlan } from './format.ts';
import {
  assembleModel,
  checkLexicon,
  disassembleModel,
  MODEL_FILE,
  readModelPlan,
  VOCABULARY_FILE,
  WEIGHTS_FILE,
} from './format.ts';
import { parseJson } from './json.ts';
import { noModelYet } from './missing.ts';
import type { Model } from './model.ts';
import { isRecord, shorten, unusable, versionOf } from './model.ts';
import type { WeightsDtype } from './weights.ts';

const CHOICES_FILE = 'models.json';
/** Valid name of a model's folder. */
export const MODEL_NAME = /^[a-z0-9][a-z0-9_-]*$/;
/** Bytes read at a time, and so the granularity of loading progress. */
const READ_BYTES = 1 << 20;
/** More than any vocabulary of words needs. */
const MAX_JSON_BYTES = 1 << 26;

export interface LoadModelOptions {
  /** Called with the share of the weights that has been read, 0 to 1; the last call passes 1. */
  readonly onProgress?: (loaded: number) => void;
}

export interface SaveModelOptions {
  /** How the weights are stored; float16 takes half the space and rounds them. */
  readonly dtype: WeightsDtype;
  /** `tensorflow.js` rejects layers that TensorFlow.js cannot load. */
  readonly dialect?: Dialect;
}

/**
 * Loads the model in a folder: `model.json`, its weight shards, `vocabulary.json`, and `lexicon.bin` where
 * there is one.
 *
 * @throws StoryError `model_unavailable`, naming the file and the problem, for a model that cannot be run
 */
export async function loadModel(folder: string, options: LoadModelOptions = {}): Promise<Model> {
  const name = basename(resolve(folder));
  if (!existsSync(join(folder, MODEL_FILE))) {
    const error = noModelYet(folder);
    if (error) throw error;
  }
  const plan = readModelPlan(await readJson(join(folder, MODEL_FILE), `${name}/${MODEL_FILE}`), name);
  const vocabulary = await readJson(join(folder, VOCABULARY_FILE), `${name}/${VOCABULARY_FILE}`);
  const { bytes, sha256 } = await readShards(folder, name, plan, options);
  const lexicon = plan.lexiconSha256 === null ? undefined : await readLexicon(folder, name, plan);
  const model = assembleModel({ name, plan, vocabulary, bytes, sha256, ...(lexicon && { lexicon }) });
  options.onProgress?.(1);
  return model;
}

/**
 * Writes a model into a folder, which is created when it is missing. `model.json` is written last, so that a
 * partially written folder is rejected instead of being read as a complete model.
 *
 * @returns the model's new version
 * @throws RangeError when a weight is too large for float16
 */
export async function saveModel(
  folder: string,
  model: Model,
  { dtype, dialect = 'ours' }: SaveModelOptions,
): Promise<string> {
  const { parts, modelFile } = disassembleModel(model, dtype, dialect);
  await makeFolder(folder);
  await replaceFile(join(folder, WEIGHTS_FILE), parts);
  await replaceFile(join(folder, VOCABULARY_FILE), toJson(model.vocabulary.toFile()));
  const { lexicon } = model;
  if (lexicon) await replaceFile(join(folder, LEXICON_FILE), lexicon.bytes);
  const sha256 = sha256Of(...parts);
  await replaceFile(join(folder, MODEL_FILE), toJson(modelFile(sha256, lexicon && sha256Of(lexicon.bytes))));
  return versionOf(sha256);
}

/**
 * The offered models, as `models.json` in their common folder lists them.
 *
 * @throws StoryError `model_unavailable` when the list is missing or malformed
 */
export async function listModels(modelsFolder: string): Promise<ModelChoice[]> {
  const list = await readJson(join(modelsFolder, CHOICES_FILE), CHOICES_FILE);
  if (!Array.isArray(list) || list.length === 0) throw unusable(CHOICES_FILE, 'it lists no models');
  const choices = list.map((entry: unknown) => {
    if (!isRecord(entry)) throw unusable(CHOICES_FILE, 'one of its entries is not an object');
    const { name, title, description } = entry;
    if (typeof name !== 'string' || !MODEL_NAME.test(name)) {
      throw unusable(CHOICES_FILE, `${shorten(name)} is not the name of a model's folder`);
    }
    if (typeof title !== 'string' || title === '' || typeof description !== 'string') {
      throw unusable(CHOICES_FILE, `the model ${name} needs a title and a description`);
    }
    return { name, title, description };
  });
  if (new Set(choices.map((choice) => choice.name)).size !== choices.length) {
    throw unusable(CHOICES_FILE, 'it lists a model twice');
  }
  return choices;
}

/** Writes the list of the offered models; the first is the default. */
export async function writeModelList(modelsFolder: string, choices: readonly ModelChoice[]): Promise<void> {
  await replaceFile(join(modelsFolder, CHOICES_FILE), toJson(choices));
}

/** Hexadecimal SHA-256 of all parts, one after the other. */
export function sha256Of(...parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/**
 * Parses a JSON file of limited size.
 *
 * @param shown the file's name in error messages
 * @param maxBytes the largest size of the file
 */
export async function readJson(path: string, shown: string, maxBytes = MAX_JSON_BYTES): Promise<unknown> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of createReadStream(path, { end: maxBytes })) chunks.push(chunk as Buffer);
  } catch (error) {
    throw unreadable(shown, error);
  }
  const bytes = Buffer.concat(chunks);
  if (bytes.length > maxBytes) throw unusable(shown, `it has more than ${maxBytes} bytes`);
  const json = parseJson(bytes.toString('utf8'));
  if (json === undefined) throw unusable(shown, 'it is not JSON');
  return json;
}

/** The error for a file that cannot be read. */
export function unreadable(shown: string, error: unknown): StoryError {
  const code = isRecord(error) && typeof error.code === 'string' ? error.code : 'an unknown error';
  return unusable(
    shown,
    code === 'ENOENT' ? 'there is no such file' : `reading it failed with ${code}`,
    error,
  );
}

/**
 * The bytes of a model's shards, one after the other.
 *
 * @param name of the model, for errors
 * @throws StoryError `model_unavailable` when a shard is missing, or the total length differs from the plan's
 */
export async function readShards(
  folder: string,
  name: string,
  plan: Pick<ModelPlan, 'weights'>,
  {
    onProgress = () => {},
    modelFile = MODEL_FILE,
  }: LoadModelOptions & {
    /** The name of the plan's file, for errors. */
    readonly modelFile?: string;
  } = {},
): Promise<{ bytes: Uint8Array; sha256: string }> {
  const { shards, byteLength } = plan.weights;
  const shown = `${name}/${shards.join('+')}`;
  // Checked before memory is allocated: a manifest may claim any size.
  let found = 0;
  for (const shard of shards) found += await sizeOf(join(folder, shard), `${name}/${shard}`);
  if (found !== byteLength) throw unusable(shown, `it has ${found} bytes, ${modelFile} says ${byteLength}`);

  const bytes = new Uint8Array(byteLength);
  const hash = createHash('sha256');
  let offset = 0;
  onProgress(0);
  for (const shard of shards) {
    try {
      for await (const chunk of createReadStream(join(folder, shard), { highWaterMark: READ_BYTES })) {
        bytes.set(chunk as Buffer, offset);
        hash.update(chunk as Buffer);
        offset += (chunk as Buffer).length;
        onProgress(offset / byteLength);
      }
    } catch (error) {
      throw error instanceof StoryError ? error : unreadable(`${name}/${shard}`, error);
    }
  }
  return { bytes: bytes.subarray(0, offset), sha256: hash.digest('hex') };
}

async function readLexicon(folder: string, name: string, plan: ModelPlan): Promise<Uint8Array> {
  const bytes = await readFile(join(folder, LEXICON_FILE)).catch((error: unknown) => {
    throw unreadable(`${name}/${LEXICON_FILE}`, error);
  });
  checkLexicon(name, plan, sha256Of(bytes));
  return bytes;
}

/** Writes a lexicon into a model's folder, replacing an existing one. */
export async function saveLexicon(folder: string, { bytes }: Lexicon): Promise<void> {
  const path = join(folder, MODEL_FILE);
  const json = await readJson(path, MODEL_FILE);
  if (!isRecord(json)) throw unusable(MODEL_FILE, 'it is not a JSON object');
  const metadata = isRecord(json.userDefinedMetadata) ? json.userDefinedMetadata : {};
  await replaceFile(join(folder, LEXICON_FILE), bytes);
  await replaceFile(
    path,
    toJson({ ...json, userDefinedMetadata: { ...metadata, lexiconSha256: sha256Of(bytes) } }),
  );
}

async function sizeOf(path: string, shown: string): Promise<number> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw unusable(shown, 'it is not a file');
    return found.size;
  } catch (error) {
    throw error instanceof StoryError ? error : unreadable(shown, error);
  }
}

/** Replaces a file atomically, so that no reader sees a partial file. */
export async function replaceFile(
  path: string,
  content: string | Uint8Array | readonly Uint8Array[],
): Promise<void> {
  await writeFile(`${path}.new`, content);
  await rename(`${path}.new`, path);
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}
