/** Small models in every format, as the files of a folder, from which damaged ones are made. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { buildLexicon, Lexicon } from '../../../../src/generator/lexicon.ts';
import { saveModel } from '../../../../src/generator/model/files.ts';
import type { Model } from '../../../../src/generator/model/model.ts';
import type { WeightsDtype } from '../../../../src/generator/model/weights.ts';
import {
  batchNormalization,
  dense,
  embedding,
  kerasArchive,
  kerasHdf5,
  lstm,
} from '../formats/keras-files.ts';
import { joinSafetensors, safetensorsOf } from '../formats/safetensors-file.ts';
import { RandomLayers } from '../random-layers.ts';
import { modelOf, randomModel } from '../random-model.ts';

/** The content of a model's folder, by file name. */
export type Files = Readonly<Record<string, Uint8Array>>;

export interface Sample {
  readonly name: string;
  /** What is damaged: the files themselves, or, where there is a `pack`, the parts of one. */
  readonly parts: Files;
  /** The folder's files, given the parts; by default the parts. */
  readonly pack?: (parts: Files) => Files;
  /** The file that is imported; undefined for the folder itself. */
  readonly imports?: string;
  /** Reading it takes a thread, and so a second. */
  readonly isSlow?: boolean;
}

const CHARACTERS = 12;
const UNITS = 16;

async function saved(
  model: Model,
  dtype: WeightsDtype,
  dialect: 'ours' | 'tensorflow.js' = 'ours',
): Promise<Files> {
  const folder = await mkdtemp(join(tmpdir(), 'sample-'));
  try {
    await saveModel(folder, model, { dtype, dialect });
    const names = await readdir(folder);
    const entries = names.map(async (name) => [name, await readFile(join(folder, name))] as const);
    return Object.fromEntries(await Promise.all(entries));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Models that the integer engine runs, and one that runs in float32. */
export async function samples(): Promise<Sample[]> {
  const residual = randomModel({ units: [UNITS, UNITS], residual: true, characters: CHARACTERS });
  const lexicon = new Lexicon(
    buildLexicon(
      new Map([
        ['sea', true],
        ['seas', true],
        ["we'll", false],
      ]),
    ),
  );
  const random = new RandomLayers(2);
  const oneHot = modelOf([
    { kind: 'one_hot', size: CHARACTERS },
    ...[random.dense(CHARACTERS, 5, 'elu'), random.batchNormalization(5), random.lstm(5, UNITS)],
    random.dense(UNITS, CHARACTERS),
  ]);
  const vocabulary = (await saved(residual, 'float32'))['vocabulary.json']!;
  const keras = [
    embedding(CHARACTERS, 5, 50),
    lstm('lstm_1', 5, UNITS, { recurrentActivation: 'sigmoid', settings: {} }),
    batchNormalization('batch_normalization_1', UNITS),
    dense('dense_1', UNITS, CHARACTERS, 'softmax'),
  ];
  const archive = await kerasArchive(
    keras.map((layer) => ({ ...layer, folder: layer.config.name.replace(/_1$/, '') })),
  );
  const safetensors = safetensorsOf(randomModel({ units: [UNITS] }));
  const dataStart = 8 + Number(safetensors.readBigUInt64LE());
  return [
    { name: 'float32', parts: await saved({ ...residual, lexicon }, 'float32') },
    { name: 'float16', parts: await saved({ ...residual, lexicon }, 'float16') },
    { name: 'int8', parts: await saved(residual, 'int8') },
    { name: 'one-hot', parts: await saved(oneHot, 'float32') },
    {
      name: 'tensorflow.js',
      parts: await saved(randomModel({ units: [UNITS] }), 'float32', 'tensorflow.js'),
    },
    {
      name: 'safetensors',
      parts: { 'model.safetensors': safetensors, 'vocabulary.json': vocabulary },
      imports: 'model.safetensors',
    },
    {
      name: 'parts of safetensors',
      parts: {
        'header.json': safetensors.subarray(8, dataStart),
        data: safetensors.subarray(dataStart),
        'vocabulary.json': vocabulary,
      },
      pack: (parts) => ({
        'model.safetensors': joinSafetensors(parts['header.json']!, parts.data!),
        'vocabulary.json': parts['vocabulary.json']!,
      }),
      imports: 'model.safetensors',
    },
    {
      name: 'keras',
      parts: { 'model.keras': archive.bytes, 'vocabulary.json': vocabulary },
      imports: 'model.keras',
      isSlow: true,
    },
    {
      name: 'parts of keras',
      parts: { ...archive.files, 'vocabulary.json': vocabulary },
      pack: ({ 'vocabulary.json': own, ...inner }) => ({
        'model.keras': zipSync(inner, { level: 0 }),
        'vocabulary.json': own!,
      }),
      imports: 'model.keras',
      isSlow: true,
    },
    {
      name: 'hdf5',
      parts: { 'model.h5': await kerasHdf5(keras), 'vocabulary.json': vocabulary },
      imports: 'model.h5',
      isSlow: true,
    },
  ];
}
