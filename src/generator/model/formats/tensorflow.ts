/** Layers models of TensorFlow.js, ours among them: a `model.json` with its shards beside it. */
import { dirname, join } from 'node:path';
import { readJson, readShards } from '../files.ts';
import { MODEL_FILE, readReading, VOCABULARY_FILE } from '../format.ts';
import { isRecord, unusable } from '../model.ts';
import { namedWeight } from '../weight-names.ts';
import { readWeightsManifest, unpackWeights } from '../weights.ts';
import { type ForeignModel, foreignModel } from './foreign-model.ts';

/** Who wrote a model whose reading is known without being said. */
const OURS = 'write-me-a-sci-fi';

/**
 * @param path of the `model.json`
 * @param name of the model, for errors
 * @throws StoryError `model_unavailable` that says what stands in the way
 */
export async function readTensorflowModel(path: string, name: string): Promise<ForeignModel> {
  const file = `${name}/${MODEL_FILE}`;
  const json = await readJson(path, file);
  if (!isRecord(json)) throw unusable(file, 'it is not a JSON object');
  if (json.format === 'graph-model') {
    throw unusable(
      file,
      'it is a graph model, in which no layers are left; convert the model as a layers model',
    );
  }
  const weights = readWeightsManifest(json.weightsManifest, file);
  const { bytes } = await readShards(dirname(path), name, { weights });
  const tensors = [...unpackWeights(weights.specs, bytes).values()];
  const model = foreignModel({
    file,
    source: json.generatedBy === OURS ? 'ours' : 'layers model of TensorFlow.js',
    topology: json.modelTopology,
    weights: () => (slot) => namedWeight(tensors, slot),
  });
  const metadata = isRecord(json.userDefinedMetadata) ? json.userDefinedMetadata : {};
  const isSaid = json.generatedBy === OURS || metadata.window !== undefined;
  const vocabulary = await readJson(join(dirname(path), VOCABULARY_FILE), VOCABULARY_FILE).catch(
    () => undefined,
  );
  return {
    ...model,
    reading: isSaid ? readReading(metadata.window, file) : model.reading,
    ...(vocabulary === undefined ? {} : { vocabulary }),
  };
}
