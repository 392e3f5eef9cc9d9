/**
 * Keras 3's `.keras` files: a zip archive of `metadata.json`, `config.json` and `model.weights.h5`. In the
 * last, layers are named after their classes, with a count for each class: `layers/lstm_1/cell/vars/0` is the
 * kernel of the second LSTM.
 */
import type { WeightSource } from '../build-layers.ts';
import { parseJson } from '../json.ts';
import type { LayerConfig } from '../layer-plans.ts';
import { isRecord, unusable } from '../model.ts';
import { readArchive } from './archive.ts';
import { type ForeignModel, foreignModel } from './foreign-model.ts';
import { type Hdf5Group, MAX_HDF5_BYTES, memberAt, readHdf5 } from './hdf5.ts';
import { arraysWithin, MAX_JSON_BYTES, memoryFor } from './memory.ts';

const METADATA_FILE = 'metadata.json';
const CONFIG_FILE = 'config.json';
const WEIGHTS_FILE = 'model.weights.h5';
/** The optimizer's state: larger than the model, and unused here. */
const NOT_READ = ['optimizer'];
/** TensorFlow 2.13's name for the layers. */
const OLD_LAYERS = '_layer_checkpoint_dependencies';

/**
 * @param byteLength of the file at the path
 * @param file the file's name in error messages
 * @throws StoryError `model_unavailable` that names the obstacle
 */
export async function readKerasArchive(
  path: string,
  byteLength: number,
  file: string,
): Promise<ForeignModel> {
  const memory = memoryFor(byteLength);
  const wanted = {
    [METADATA_FILE]: MAX_JSON_BYTES,
    [CONFIG_FILE]: MAX_JSON_BYTES,
    [WEIGHTS_FILE]: Math.min(MAX_HDF5_BYTES, arraysWithin(memory)),
  };
  const files = await readArchive(path, wanted, file);
  const take = (name: string) => {
    const content = files.get(name);
    if (!content) throw unusable(file, `it has no ${name} in it`);
    return content;
  };
  const takeJson = (name: string) => {
    const json = parseJson(new TextDecoder().decode(take(name)));
    if (!isRecord(json)) throw unusable(file, `its ${name} is not a JSON object`);
    return json;
  };
  const version = takeJson(METADATA_FILE).keras_version;
  const kerasVersion = typeof version === 'string' ? version : '3';
  const topology = takeJson(CONFIG_FILE);
  const root = await readHdf5(take(WEIGHTS_FILE), `${file}/${WEIGHTS_FILE}`, { skip: NOT_READ, memory });
  const layers = root.members.get('layers') ?? root.members.get(OLD_LAYERS);
  if (layers?.kind !== 'group') throw unusable(file, `its ${WEIGHTS_FILE} has no layers`);
  const isSequential = topology.class_name === 'Sequential';
  return foreignModel({
    file,
    source: `.keras of Keras ${kerasVersion}`,
    topology,
    kerasVersion,
    weights: (configs) => weightsIn(layers, isSequential, configs, file),
  });
}

function weightsIn(
  layers: Hdf5Group,
  isSequential: boolean,
  configs: readonly LayerConfig[],
  file: string,
): WeightSource {
  const folders = foldersOf(configs, isSequential);
  return ({ layer, path, index }) => {
    const name = [folders.get(layer), ...path, 'vars', index].join('/');
    const found = memberAt(layers, name);
    if (found?.kind !== 'dataset') return undefined;
    if (found.values === null) throw unusable(file, `its weight ${name} is not made of float32 numbers`);
    return { name, shape: found.shape, values: found.values };
  };
}

/** The name of each layer's group, by the layer's name. */
function foldersOf(configs: readonly LayerConfig[], isSequential: boolean): Map<string, string> {
  const counts = new Map<string, number>();
  return new Map(
    configs
      // A Sequential does not count the input layer among its layers.
      .filter(({ className }) => !(isSequential && className === 'InputLayer'))
      .map(({ className, name }) => {
        const snake = snakeCase(className);
        const count = counts.get(snake) ?? 0;
        counts.set(snake, count + 1);
        return [name, count === 0 ? snake : `${snake}_${count}`];
      }),
  );
}

/** `BatchNormalization` is `batch_normalization`, `LSTM` is `lstm`, `LeakyReLU` is `leaky_re_lu`. */
function snakeCase(name: string): string {
  return name
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}
