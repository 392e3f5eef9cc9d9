/**
 * The files of a model without the files: from parsed `model.json`, parsed `vocabulary.json` and the
 * weights' bytes to a Model and back. No `node:` imports: a browser gets the same files over HTTP.
 */
import { Vocabulary } from '../vocabulary.ts';
import type { LstmLayer } from './layers.ts';
import type { Model, Reading } from './model.ts';
import { isRecord, unusable, versionOf } from './model.ts';
import { plainLstmOf } from './plain-lstm.ts';
import type { Topology } from './topology.ts';
import { readTopology, topologyOf, writeTopology } from './topology.ts';
import type { Tensor, WeightsDtype, WeightsManifest } from './weights.ts';
import { packWeights, readWeightsManifest, unpackWeights } from './weights.ts';

export const MODEL_FILE = 'model.json';
export const VOCABULARY_FILE = 'vocabulary.json';
export const WEIGHTS_FILE = 'weights.bin';

/** What a `model.json` says, checked: which files to read and what to make of them. */
export interface ModelPlan {
  readonly topology: Topology;
  readonly weights: WeightsManifest;
  /** Hexadecimal SHA-256 of the shards' bytes, one after the other; null where nobody wrote it down. */
  readonly sha256: string | null;
  readonly reading: Reading;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A model's files as they would be read: everything that a Model is made of. */
export interface ModelFiles {
  readonly name: string;
  readonly plan: ModelPlan;
  /** Parsed content of `vocabulary.json`. */
  readonly vocabulary: unknown;
  /** The bytes of all shards, one after the other. */
  readonly bytes: Uint8Array;
  /** Hexadecimal SHA-256 of `bytes`. */
  readonly sha256: string;
}

/**
 * @param json parsed content of a `model.json`
 * @param name the model's, for errors
 * @throws StoryError `model_unavailable` for a model that cannot be run
 */
export function readModelPlan(json: unknown, name: string): ModelPlan {
  const file = `${name}/${MODEL_FILE}`;
  if (!isRecord(json)) throw unusable(file, 'it is not a JSON object');
  const metadata = isRecord(json.userDefinedMetadata) ? json.userDefinedMetadata : {};
  const { weightsSha256, window, ...rest } = metadata;
  return {
    topology: readTopology(json.modelTopology, file),
    weights: readWeightsManifest(json.weightsManifest, file),
    sha256: typeof weightsSha256 === 'string' ? weightsSha256 : null,
    reading: readReading(window, file),
    metadata: rest,
  };
}

/** @param window characters of the windows that the model was trained on; undefined for one that carries its state */
function readReading(window: unknown, file: string): Reading {
  if (window === undefined) return { kind: 'stateful' };
  if (typeof window === 'number' && Number.isSafeInteger(window) && window > 0) {
    return { kind: 'window', characters: window };
  }
  throw unusable(file, `its \`window\` is ${JSON.stringify(window)}, not a number of characters`);
}

/** @throws StoryError `model_unavailable` when the files do not fit each other */
export function assembleModel({ name, plan, vocabulary, bytes, sha256 }: ModelFiles): Model {
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
  const characters = new Vocabulary(vocabulary);
  const { embedding, layers, dense } = plan.topology;
  if (characters.size !== embedding.rows || characters.size !== dense.units) {
    throw unusable(
      `${name}/${VOCABULARY_FILE}`,
      `it has ${characters.size} characters, but the model reads ${embedding.rows} and writes ${dense.units}`,
    );
  }

  const tensors = unpackWeights(plan.weights.specs, bytes);
  const take = (layer: string, weight: string, shape: number[]) =>
    takeTensor(tensors, layer, weight, shape, `${name}/${MODEL_FILE}`);
  let inputSize = embedding.columns;
  const recurrent: LstmLayer[] = [];
  for (const layer of layers) {
    const gates = 4 * layer.units;
    recurrent.push({
      kind: 'lstm',
      units: layer.units,
      inputSize,
      activation: 'tanh',
      recurrentActivation: 'sigmoid',
      kernel: take(layer.name, 'kernel', [inputSize, gates]),
      recurrentKernel: take(layer.name, 'recurrent_kernel', [layer.units, gates]),
      bias: take(layer.name, 'bias', [gates]),
    });
    inputSize = layer.units;
  }
  return {
    name,
    version: versionOf(sha256),
    vocabulary: characters,
    layers: [
      {
        kind: 'embedding',
        rows: embedding.rows,
        columns: embedding.columns,
        matrix: take(embedding.name, 'embeddings', [embedding.rows, embedding.columns]),
      },
      ...recurrent,
      {
        kind: 'dense',
        units: dense.units,
        inputSize,
        activation: 'linear',
        kernel: take(dense.name, 'kernel', [inputSize, dense.units]),
        bias: take(dense.name, 'bias', [dense.units]),
      },
    ],
    reading: plan.reading,
    metadata: plan.metadata,
  };
}

/** The weights' bytes of a model and a function that writes its `model.json`, given their SHA-256. */
export function disassembleModel(
  model: Model,
  dtype: WeightsDtype,
): { bytes: Uint8Array; modelFile: (sha256: string) => Record<string, unknown> } {
  const topology = topologyOf(model);
  const { bytes, specs } = packWeights(tensorsOf(model, topology), dtype);
  const modelFile = (sha256: string) => ({
    format: 'layers-model',
    generatedBy: 'write-me-a-sci-fi',
    convertedBy: null,
    modelTopology: writeTopology(topology),
    weightsManifest: [{ paths: [WEIGHTS_FILE], weights: specs }],
    userDefinedMetadata: {
      ...model.metadata,
      ...(model.reading.kind === 'window' ? { window: model.reading.characters } : {}),
      weightsSha256: sha256,
    },
  });
  return { bytes, modelFile };
}

function tensorsOf(model: Model, topology: Topology): Tensor[] {
  const { embedding, lstms, dense } = plainLstmOf(model);
  const tensor = (name: string, shape: number[], values: Float32Array): Tensor => ({ name, shape, values });
  return [
    tensor(`${topology.embedding.name}/embeddings`, [embedding.rows, embedding.columns], embedding.matrix),
    ...lstms.flatMap((layer, i) => {
      const name = topology.layers[i]!.name;
      return [
        tensor(`${name}/kernel`, [layer.inputSize, 4 * layer.units], layer.kernel),
        tensor(`${name}/recurrent_kernel`, [layer.units, 4 * layer.units], layer.recurrentKernel),
        tensor(`${name}/bias`, [4 * layer.units], layer.bias),
      ];
    }),
    tensor(`${topology.dense.name}/kernel`, [dense.inputSize, dense.units], dense.kernel),
    tensor(`${topology.dense.name}/bias`, [dense.units], dense.bias),
  ];
}

/** Names begin with the layer's and end with the weight's; Keras puts the cell's between them. */
function takeTensor(
  tensors: ReadonlyMap<string, Tensor>,
  layer: string,
  weight: string,
  shape: readonly number[],
  file: string,
): Float32Array {
  const name = [...tensors.keys()].find((key) => key.startsWith(`${layer}/`) && key.endsWith(`/${weight}`));
  const tensor = name === undefined ? undefined : tensors.get(name);
  if (!tensor) throw unusable(file, `it has no weight ${layer}/${weight}`);
  if (tensor.shape.join() !== shape.join()) {
    throw unusable(
      file,
      `its weight ${tensor.name} is ${tensor.shape.join(' x ')}, expected ${shape.join(' x ')}`,
    );
  }
  if (!tensor.values.every(Number.isFinite))
    throw unusable(file, `its weight ${tensor.name} is not all numbers`);
  return tensor.values;
}
