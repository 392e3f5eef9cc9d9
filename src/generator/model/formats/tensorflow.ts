/** Layers models of TensorFlow.js, including this project's: a `model.json` with its shards beside it. */
import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { readJson, readShards } from '../files.ts';
import { readReading, VOCABULARY_FILE } from '../format.ts';
import { isRecord, unusable } from '../model.ts';
import { namedWeight } from '../weight-names.ts';
import { readWeightsManifest, unpackWeights } from '../weights.ts';
import { type ForeignModel, foreignModel } from './foreign-model.ts';
import { MAX_JSON_BYTES, MAX_MODEL_JSON_BYTES } from './memory.ts';

/** The writer of models whose reading is `stateful` unless they say otherwise. */
const OURS = 'write-me-a-sci-fi';

/**
 * @param path of the `model.json`, under any name
 * @throws StoryError `model_unavailable` that names the obstacle
 */
export async function readTensorflowModel(path: string): Promise<ForeignModel> {
  const [name, modelFile] = [basename(dirname(resolve(path))), basename(path)];
  const file = `${name}/${modelFile}`;
  const json = await readJson(path, file, MAX_MODEL_JSON_BYTES);
  if (!isRecord(json)) throw unusable(file, 'it is not a JSON object');
  if (json.format === 'graph-model') {
    throw unusable(
      file,
      'it is a graph model, in which no layers are left; convert the model as a layers model',
    );
  }
  const weights = readWeightsManifest(json.weightsManifest, file);
  const { bytes } = await readShards(dirname(path), name, { weights }, { modelFile });
  const tensors = [...unpackWeights(weights.specs, bytes).values()];
  const model = foreignModel({
    file,
    source: json.generatedBy === OURS ? 'ours' : 'layers model of TensorFlow.js',
    topology: json.modelTopology,
    weights: () => (slot) => namedWeight(tensors, slot),
  });
  const metadata = isRecord(json.userDefinedMetadata) ? json.userDefinedMetadata : {};
  const isSaid = json.generatedBy === OURS || metadata.window !== undefined;
  const beside = join(dirname(path), VOCABULARY_FILE);
  const vocabulary = existsSync(beside)
    ? await readJson(beside, `${name}/${VOCABULARY_FILE}`, MAX_JSON_BYTES)
    : undefined;
  return {
    ...model,
    reading: isSaid ? readReading(metadata.window, file) : model.reading,
    ...(vocabulary === undefined ? {} : { vocabulary }),
  };
}
