/** Small models with random weights and the first characters of ASCII. */
import { type Layer, outputSize } from '../../../src/generator/model/layers.ts';
import type { Model, Reading } from '../../../src/generator/model/model.ts';
import { BOUNDARY, Vocabulary } from '../../../src/generator/vocabulary.ts';
import { RandomLayers } from './random-layers.ts';

export interface RandomModelOptions {
  readonly characters?: number;
  readonly columns?: number;
  /** Units of each layer. */
  readonly units?: readonly number[];
  readonly seed?: number;
  /** Whether each layer but the first is residual; then all units are equal. */
  readonly residual?: boolean;
  /** Weights lie between plus and minus this. */
  readonly scale?: number;
}

/** Embedding, LSTMs and a dense layer. */
export function randomModel(options: RandomModelOptions = {}): Model {
  const { characters = 12, columns = 5, units = [8, 6], seed = 1, scale = 0.8 } = options;
  const random = new RandomLayers(seed, scale);
  const lstms = units.map((size, i) => {
    const lstm = random.lstm(units[i - 1] ?? columns, size);
    return options.residual && i > 0 ? { ...lstm, residual: true as const } : lstm;
  });
  const embedding = random.embedding(characters, columns);
  return modelOf([embedding, ...lstms, random.dense(units.at(-1) ?? columns, characters)]);
}

/** A model of any layers; the last one gives the number of characters. */
export function modelOf(layers: readonly Layer[], reading: Reading = { kind: 'stateful' }): Model {
  const characters = layers.reduce((size, layer) => outputSize(layer, size), 0);
  return {
    name: 'random',
    version: '000000000000',
    vocabulary: vocabularyOf(characters),
    layers,
    reading,
    metadata: {},
  };
}

/** U+0003, newline, space, then letters. */
function vocabularyOf(size: number): Vocabulary {
  const letters = Array.from({ length: size - 3 }, (_, i) => String.fromCharCode(97 + i));
  const characters = [BOUNDARY, '\n', ' ', ...letters];
  return new Vocabulary({
    idToChar: Object.fromEntries(characters.map((character, id) => [id, character])),
    charToId: Object.fromEntries(characters.map((character, id) => [character, id])),
  });
}
