/** Small layers of every kind, with random weights. */
import type { ActivationName } from '../../../src/generator/model/activation-formulas.ts';
import type {
  BatchNormalizationLayer,
  BidirectionalLayer,
  DenseLayer,
  EmbeddingLayer,
  GruLayer,
  LstmLayer,
  RecurrentLayer,
} from '../../../src/generator/model/layers.ts';
import { uniformAt } from '../../../src/generator/sampler.ts';

interface Activations {
  readonly activation?: ActivationName;
  readonly recurrentActivation?: ActivationName;
}

/** Makes one layer after the other; the same seed gives the same layers. */
export class RandomLayers {
  readonly #seed: number;
  readonly #scale: number;
  #position = 0;

  /** @param scale weights lie between plus and minus this */
  constructor(seed: number, scale = 0.8) {
    this.#seed = seed;
    this.#scale = scale;
  }

  weights(length: number): Float32Array {
    const uniform = () => uniformAt(this.#seed, this.#position++, 0);
    return Float32Array.from({ length }, () => (uniform() * 2 - 1) * this.#scale);
  }

  embedding(rows: number, columns: number): EmbeddingLayer {
    return { kind: 'embedding', rows, columns, matrix: this.weights(rows * columns) };
  }

  lstm(inputSize: number, units: number, activations: Activations = {}): LstmLayer {
    const { activation = 'tanh', recurrentActivation = 'sigmoid' } = activations;
    return {
      kind: 'lstm',
      units,
      inputSize,
      activation,
      recurrentActivation,
      kernel: this.weights(inputSize * 4 * units),
      recurrentKernel: this.weights(units * 4 * units),
      bias: this.weights(4 * units),
    };
  }

  gru(inputSize: number, units: number, resetAfter: boolean, activations: Activations = {}): GruLayer {
    const { activation = 'tanh', recurrentActivation = 'sigmoid' } = activations;
    return {
      kind: 'gru',
      units,
      inputSize,
      activation,
      recurrentActivation,
      resetAfter,
      kernel: this.weights(inputSize * 3 * units),
      recurrentKernel: this.weights(units * 3 * units),
      bias: this.weights((resetAfter ? 2 : 1) * 3 * units),
    };
  }

  bidirectional(merge: BidirectionalLayer['merge'], half: () => RecurrentLayer): BidirectionalLayer {
    return { kind: 'bidirectional', forward: half(), backward: half(), merge };
  }

  batchNormalization(size: number): BatchNormalizationLayer {
    return {
      kind: 'batch_normalization',
      size,
      epsilon: 0.001,
      gamma: this.weights(size),
      beta: this.weights(size),
      mean: this.weights(size),
      variance: this.weights(size).map(Math.abs),
    };
  }

  dense(inputSize: number, units: number, activation: ActivationName = 'linear'): DenseLayer {
    const [kernel, bias] = [this.weights(inputSize * units), this.weights(units)];
    return { kind: 'dense', units, inputSize, activation, kernel, bias };
  }
}
