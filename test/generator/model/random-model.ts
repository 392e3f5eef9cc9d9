/** Small models made on the spot: random weights, the first characters of ASCII. */
import type { Layer } from '../../../src/generator/model/layers.ts';
import type { Model } from '../../../src/generator/model/model.ts';
import { uniformAt } from '../../../src/generator/sampling.ts';
import { END_OF_TEXT, Vocabulary } from '../../../src/generator/vocabulary.ts';

export interface RandomModelOptions {
  readonly characters?: number;
  readonly columns?: number;
  /** Units of each layer. */
  readonly units?: readonly number[];
  readonly seed?: number;
  /** Weights lie between plus and minus this. */
  readonly scale?: number;
}

export function randomModel(options: RandomModelOptions = {}): Model {
  const { characters = 12, columns = 5, units = [8, 6], seed = 1, scale = 0.8 } = options;
  let position = 0;
  const weights = (length: number) =>
    Float32Array.from({ length }, () => (uniformAt(seed, position++, 0) * 2 - 1) * scale);
  let inputSize = columns;
  const lstms = units.map((size): Layer => {
    const layer: Layer = {
      kind: 'lstm',
      units: size,
      inputSize,
      activation: 'tanh',
      recurrentActivation: 'sigmoid',
      kernel: weights(inputSize * 4 * size),
      recurrentKernel: weights(size * 4 * size),
      bias: weights(4 * size),
    };
    inputSize = size;
    return layer;
  });
  return {
    name: 'random',
    version: '000000000000',
    vocabulary: vocabularyOf(characters),
    layers: [
      { kind: 'embedding', rows: characters, columns, matrix: weights(characters * columns) },
      ...lstms,
      {
        kind: 'dense',
        units: characters,
        inputSize,
        activation: 'linear',
        kernel: weights(inputSize * characters),
        bias: weights(characters),
      },
    ],
    reading: { kind: 'stateful' },
    metadata: {},
  };
}

/** U+0003, newline, space, then letters. */
function vocabularyOf(size: number): Vocabulary {
  const letters = Array.from({ length: size - 3 }, (_, i) => String.fromCharCode(97 + i));
  const characters = [END_OF_TEXT, '\n', ' ', ...letters];
  return new Vocabulary({
    idToChar: Object.fromEntries(characters.map((character, id) => [id, character])),
    charToId: Object.fromEntries(characters.map((character, id) => [character, id])),
  });
}
