/** Writes models as HDF5 files of Keras 2. */
import type { Group } from 'h5wasm';
import type { Model } from '../model.ts';
import { writeLayers, writeModelConfig } from '../write-topology.ts';

/** The last version of Keras 2. */
const KERAS_VERSION = '2.15.0';
const FILE = 'out.h5';
/** TensorFlow's suffix of a variable's name. */
const FIRST_OUTPUT = ':0';

/**
 * The bytes of the file, with float32 weights. A model that carries its state becomes `stateful`, for one
 * text at a time; one with windows states their length.
 *
 * @throws StoryError `model_unavailable` for a layer that Keras 2 lacks
 */
export async function writeKerasHdf5(model: Model): Promise<Uint8Array> {
  const layers = writeLayers(model.layers, { dialect: 'keras2', reading: model.reading, model: model.name });
  // Four megabytes of code, loaded only for an export.
  const library = await import('h5wasm');
  await library.ready;
  // Set only once the library is ready.
  const { File, FS } = library;
  const file = new File(FILE, 'w');
  try {
    writeText(file, 'keras_version', KERAS_VERSION);
    writeText(file, 'backend', 'tensorflow');
    writeText(file, 'model_config', JSON.stringify(writeModelConfig(layers)));
    const weights = file.create_group('model_weights') as Group;
    writeText(weights, 'keras_version', KERAS_VERSION);
    writeText(weights, 'backend', 'tensorflow');
    writeTexts(
      weights,
      'layer_names',
      layers.map(({ config }) => config.name),
    );
    for (const { config, weights: tensors } of layers) {
      const group = weights.create_group(config.name) as Group;
      writeTexts(
        group,
        'weight_names',
        tensors.map(({ name }) => name + FIRST_OUTPUT),
      );
      for (const { name, shape, values } of tensors) {
        createGroups(group, name.split('/').slice(0, -1));
        group.create_dataset({ name: name + FIRST_OUTPUT, data: values, shape: [...shape], dtype: '<f' });
      }
    }
    file.flush();
  } finally {
    file.close();
  }
  const bytes = FS!.readFile(FILE);
  FS!.unlink(FILE);
  return bytes;
}

function createGroups(group: Group, names: readonly string[]): void {
  let path = '';
  for (const name of names) {
    path = path === '' ? name : `${path}/${name}`;
    if (group.get(path) === null) group.create_group(path);
  }
}

/** Writes texts of a fixed length, which every version of Keras reads as the bytes that it expects. */
function writeTexts(group: Group, name: string, texts: readonly string[]): void {
  const length = Math.max(1, ...texts.map((text) => Buffer.byteLength(text)));
  // An attribute cannot be empty; Keras writes an empty list of numbers.
  if (texts.length === 0) group.create_attribute(name, new Float64Array(), [0]);
  else group.create_attribute(name, [...texts], [texts.length], `S${length}`);
}

function writeText(group: Group, name: string, text: string): void {
  group.create_attribute(name, text, [], `S${Buffer.byteLength(text)}`);
}
