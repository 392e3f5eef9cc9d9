/** Imports a model from another program's file and a dictionary, so that it can be saved, offered and run. */
import { basename, resolve } from 'node:path';
import { Vocabulary } from '../../vocabulary.ts';
import { readJson } from '../files.ts';
import { sizesOf } from '../format.ts';
import type { Layer } from '../layers.ts';
import { type Model, type Reading, shorten, unusable } from '../model.ts';
import { readDictionary } from './dictionaries.ts';
import type { ForeignModel } from './foreign-model.ts';
import { keepIds } from './keep-ids.ts';
import { MAX_JSON_BYTES } from './memory.ts';
import { readModel } from './read-model.ts';

export interface ImportOptions {
  readonly name: string;
  /** A dictionary's file; undefined for the one beside the model. */
  readonly vocabulary: string | undefined;
  /**
   * How the model was trained to read; undefined for what the file says, and `stateful` where it says
   * nothing.
   */
  readonly reading: Reading | undefined;
  /** Whether the layers of a safetensors file are a residual stack; other formats say so themselves. */
  readonly isResidual?: boolean | undefined;
}

export interface ImportedModel {
  readonly model: Model;
  readonly foreign: ForeignModel;
  /** Ids of the file without a character; the others were renumbered. */
  readonly unusedIds: readonly number[];
}

/**
 * @param path a file or a folder in any supported format
 * @throws StoryError `model_unavailable` that names the layer, the weight or the id that cannot be used
 */
export async function importModel(path: string, options: ImportOptions): Promise<ImportedModel> {
  const foreign = await readModel(path, options);
  if (options.isResidual && foreign.configs !== null) {
    throw unusable(foreign.file, 'it says itself which of its layers are residual; leave out --residual');
  }
  const { vocabulary: file } = options;
  const dictionaryFile = basename(resolve(file ?? 'vocabulary.json'));
  const json = file === undefined ? foreign.vocabulary : await readJson(file, dictionaryFile, MAX_JSON_BYTES);
  if (json === undefined)
    throw unusable(foreign.file, 'no vocabulary lies beside it; give one with --vocabulary');
  const characters = readDictionary(json, dictionaryFile);
  const { layers, unusedIds } = fit(foreign, characters, dictionaryFile);
  const reading = options.reading ?? foreign.reading ?? { kind: 'stateful' };
  if (reading.kind === 'stateful' && layers.some(({ kind }) => kind === 'bidirectional')) {
    throw unusable(
      foreign.file,
      'it reads backwards too, so give the characters of its windows with --window',
    );
  }
  const ids = [...characters.keys()].toSorted((a, b) => a - b);
  const dictionaries = {
    idToChar: Object.fromEntries(ids.map((id, i) => [i, characters.get(id)!])),
    charToId: Object.fromEntries(ids.map((id, i) => [characters.get(id)!, i])),
  };
  const vocabulary = new Vocabulary(dictionaries, dictionaryFile);
  const metadata = { importedFrom: foreign.source };
  // Its version is known only when its weights are written.
  const model: Model = { name: options.name, version: '', vocabulary, layers, reading, metadata };
  return { model, foreign, unusedIds };
}

/**
 * Adapts the layers to the dictionary's ids, which may start at 1 or have gaps but must be complete to the
 * end.
 */
function fit(
  { file, layers, masksZero }: ForeignModel,
  characters: ReadonlyMap<number, string>,
  dictionaryFile: string,
): { layers: readonly Layer[]; unusedIds: number[] } {
  const { reads, writes } = sizesOf(layers);
  if (reads !== writes) throw unusable(file, `it reads ${reads} characters but writes ${writes}`);
  let end = 0;
  for (const id of characters.keys()) end = Math.max(end, id + 1);
  if (end !== reads) {
    throw unusable(
      dictionaryFile,
      `its ids end at ${end - 1}, but those of the model in ${file} at ${reads - 1}`,
    );
  }
  if (masksZero && characters.has(0)) {
    throw unusable(
      file,
      `it jumps over the id 0, which is ${shorten(characters.get(0))} in ${dictionaryFile}`,
    );
  }
  const all = Array.from({ length: reads }, (_, id) => id);
  const unusedIds = all.filter((id) => !characters.has(id));
  if (unusedIds.length === 0) return { layers, unusedIds };
  const kept = keepIds(
    layers,
    all.filter((id) => characters.has(id)),
  );
  if (kept) return { layers: kept, unusedIds };
  throw unusable(
    dictionaryFile,
    `it has no character for the id ${unusedIds[0]}, which cannot be taken out of the model in ${file}`,
  );
}
