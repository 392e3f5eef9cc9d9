/**
 * Keras's HDF5 files, as `model.save('x.h5')` of Keras 2 and 3 writes them: the layers as JSON in the
 * attribute `model_config`; in `model_weights` a group for each layer, whose attribute `weight_names` lists
 * its arrays.
 */

import { parseJson } from '../json.ts';
import { unusable } from '../model.ts';
import { weightAmong } from '../weight-names.ts';
import type { Tensor } from '../weights.ts';
import { type ForeignModel, foreignModel } from './foreign-model.ts';
import { type Hdf5Group, memberAt, readHdf5 } from './hdf5.ts';

/** The optimizer's state: larger than the model, and unused here. */
const NOT_READ = ['optimizer_weights'];

/**
 * @param bytes are transferred
 * @param file the file's name in error messages
 * @throws StoryError `model_unavailable` that names the obstacle
 */
export async function readKerasHdf5(bytes: Uint8Array, file: string): Promise<ForeignModel> {
  const root = await readHdf5(bytes, file, { skip: NOT_READ });
  const config = root.texts.get('model_config');
  if (typeof config !== 'string') {
    throw unusable(file, 'it has no `model_config`; was it written by save_weights? Save the whole model');
  }
  const topology = parseJson(config);
  if (topology === undefined) throw unusable(file, 'its `model_config` is not JSON');
  const weights = root.members.get('model_weights');
  if (weights?.kind !== 'group') throw unusable(file, 'it has no `model_weights`');
  const version = root.texts.get('keras_version') ?? weights.texts.get('keras_version');
  const kerasVersion = typeof version === 'string' ? version : undefined;
  return foreignModel({
    file,
    source: kerasVersion === undefined ? 'HDF5 of Keras' : `HDF5 of Keras ${kerasVersion}`,
    topology,
    ...(kerasVersion === undefined ? {} : { kerasVersion }),
    weights: () => (slot) => weightAmong(weightsOf(weights.members.get(slot.layer), file), slot),
  });
}

/** The arrays of a layer's group, in the order of its `weight_names`. */
function weightsOf(layer: ReturnType<Hdf5Group['members']['get']>, file: string): Tensor[] {
  if (layer?.kind !== 'group') return [];
  return textsOf(layer, 'weight_names').map((name) => {
    const weight = memberAt(layer, name);
    if (weight?.kind !== 'dataset') throw unusable(file, `it has no weight ${name}`);
    if (weight.values === null) throw unusable(file, `its weight ${name} is not made of float32 numbers`);
    return { name, shape: weight.shape, values: weight.values };
  });
}

/** A list of texts, which Keras splits into `name0`, `name1`, ... where an attribute would be too long. */
function textsOf(group: Hdf5Group, name: string): string[] {
  const whole = group.texts.get(name);
  const parts = whole === undefined ? [] : [whole];
  for (let i = 0; whole === undefined && group.texts.has(`${name}${i}`); i++) {
    parts.push(group.texts.get(`${name}${i}`)!);
  }
  return parts.flat();
}
