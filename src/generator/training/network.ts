/**
 * A character network that can learn: embedding, recurrent layers with dropout between them, softmax. One
 * chunk goes in, loss and gradients come out, and the streams' states go on to the next chunk.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { LstmLayer } from '../model/layers.ts';
import type { Model } from '../model/model.ts';
import { plainLstmOf } from '../model/plain-lstm.ts';
import { uniformAt } from '../sampling.ts';
import type { Vocabulary } from '../vocabulary.ts';
import {
  CELLS,
  type CellName,
  type CellState,
  type CellWeights,
  type Chunk,
  multiply,
  transpose,
} from './cells.ts';

export interface Architecture {
  readonly cell: CellName;
  /** Units of each layer, from the one that reads characters. */
  readonly units: readonly number[];
  /** Columns of the embedding. */
  readonly embedding: number;
  /** Share of each layer's outputs that training leaves out, 0 to below 1. */
  readonly dropout: number;
}

/**
 * The architecture that has a model's weights.
 *
 * @throws StoryError `model_unavailable` for a model that is no plain LSTM
 */
export function architectureOf(model: Model, dropout: number): Architecture {
  const { embedding, lstms } = plainLstmOf(model);
  return { cell: 'lstm', units: lstms.map(({ units }) => units), embedding: embedding.columns, dropout };
}

/** Characters to read and to predict: row t * streams + s is stream s at time t. */
export interface Lesson {
  readonly steps: number;
  readonly streams: number;
  readonly inputs: Int32Array;
  readonly targets: Int32Array;
  /** 1 where a stream begins afresh before it reads that row. */
  readonly fresh: Uint8Array;
}

/** All weights by name, as the model's files call them. */
export type Weights = ReadonlyMap<string, tf.Tensor>;

export interface Pass {
  /** Mean of -ln p over all rows: a scalar. */
  readonly loss: tf.Scalar;
  /** How many rows' likeliest character was right: a scalar. */
  readonly right: tf.Scalar;
  readonly states: readonly CellState[];
}

const EMBEDDING = 'embedding/embeddings';
const DENSE_KERNEL = 'dense/kernel';
const DENSE_BIAS = 'dense/bias';

export class TrainableNetwork {
  readonly architecture: Architecture;
  readonly vocabularySize: number;

  constructor(architecture: Architecture, vocabularySize: number) {
    this.architecture = architecture;
    this.vocabularySize = vocabularySize;
  }

  /**
   * New weights as Keras draws them: embeddings uniform within 0.05, kernels by Glorot and Bengio (2010),
   * recurrent kernels orthogonal (Saxe et al., 2014), biases zero but for an LSTM's forget gate, which is one
   * (Jozefowicz et al., 2015).
   */
  draw(seed: number): Weights {
    const { cell, units, embedding } = this.architecture;
    const { gates, biasRows } = CELLS[cell];
    let position = 0;
    const uniform = () => uniformAt(seed, position++, 0);
    const within = (limit: number, shape: [number, number]) =>
      tf.tensor2d(
        Float32Array.from({ length: shape[0] * shape[1] }, () => (uniform() * 2 - 1) * limit),
        shape,
      );
    const glorot = (rows: number, columns: number) =>
      within(Math.sqrt(6 / (rows + columns)), [rows, columns]);
    const weights = new Map<string, tf.Tensor>();
    weights.set(EMBEDDING, within(0.05, [this.vocabularySize, embedding]));
    let inputs = embedding;
    units.forEach((size, layer) => {
      const [kernel, recurrent, bias] = this.#namesOf(layer);
      weights.set(kernel, glorot(inputs, gates * size));
      weights.set(recurrent, tf.tensor2d(orthogonalBlocks(size, gates, uniform), [size, gates * size]));
      const values = new Float32Array(biasRows * gates * size);
      if (cell === 'lstm') values.fill(1, size, 2 * size);
      weights.set(bias, tf.tensor1d(values));
      inputs = size;
    });
    weights.set(DENSE_KERNEL, glorot(inputs, this.vocabularySize));
    weights.set(DENSE_BIAS, tf.zeros([this.vocabularySize]));
    return weights;
  }

  /** The states of streams that have read nothing. */
  freshStates(streams: number): CellState[] {
    const { cell, units } = this.architecture;
    return units.map((size) =>
      Array.from({ length: CELLS[cell].states }, () => tf.zeros([streams, size]) as tf.Tensor2D),
    );
  }

  /** Reads a lesson without learning. To be called inside `tf.tidy`. */
  read(weights: Weights, lesson: Lesson, states: readonly CellState[]): Pass {
    return this.#forward(weights, lesson, states, undefined).pass;
  }

  /**
   * Reads a lesson and finds the gradient of its mean loss. To be called inside `tf.tidy`.
   *
   * @param dropoutSeed which outputs are left out; the same seed leaves out the same ones
   */
  learn(
    weights: Weights,
    lesson: Lesson,
    states: readonly CellState[],
    dropoutSeed: number,
  ): Pass & { readonly gradients: Weights } {
    const { pass, backward } = this.#forward(weights, lesson, states, dropoutSeed);
    return { ...pass, gradients: backward() };
  }

  #forward(
    weights: Weights,
    lesson: Lesson,
    states: readonly CellState[],
    dropoutSeed: number | undefined,
  ): { pass: Pass; backward: () => Weights } {
    const { cell, units, dropout } = this.architecture;
    const rows = lesson.steps * lesson.streams;
    const ids = tf.tensor1d(lesson.inputs, 'int32');
    const chunk: Chunk = { steps: lesson.steps, streams: lesson.streams, keep: keepOf(lesson) };
    const table = weights.get(EMBEDDING) as tf.Tensor2D;
    let signal = tf.gather(table, ids) as tf.Tensor2D;
    const layers = units.map((size, layer) => {
      const names = this.#namesOf(layer);
      const given = names.map((name) => weights.get(name)!) as unknown as CellWeights;
      const passed = CELLS[cell].forward(given, signal, states[layer]!, chunk);
      const isDropped = dropout > 0 && dropoutSeed !== undefined;
      const mask = isDropped ? dropoutMask([rows, size], dropout, dropoutSeed + layer) : undefined;
      signal = mask ? tf.mul(passed.outputs, mask) : passed.outputs;
      return { names, passed, mask };
    });
    const denseKernel = weights.get(DENSE_KERNEL) as tf.Tensor2D;
    const logits = multiply(signal, denseKernel, weights.get(DENSE_BIAS) as tf.Tensor1D);
    const top = signal;
    const centred = tf.sub(logits, tf.max(logits, 1, true));
    const exponentials = tf.exp(centred);
    const sums = tf.sum(exponentials, 1, true);
    const targets = tf.tensor1d(lesson.targets, 'int32');
    const wanted = oneHot(targets, this.vocabularySize);
    const logarithms = tf.sub(tf.sum(tf.mul(centred, wanted), 1, true), tf.log(sums));
    const pass: Pass = {
      loss: tf.neg(tf.mean(logarithms)) as tf.Scalar,
      right: tf.sum(tf.cast(tf.equal(tf.argMax(logits, 1), targets), 'int32')) as tf.Scalar,
      states: layers.map(({ passed }) => passed.state),
    };
    const backward = () => {
      const gradients = new Map<string, tf.Tensor>();
      const dLogits = tf.div(tf.sub(tf.div(exponentials, sums), wanted), rows) as tf.Tensor2D;
      gradients.set(DENSE_KERNEL, tf.matMul(transpose(top), dLogits));
      gradients.set(DENSE_BIAS, tf.sum(dLogits, 0));
      let gradient = tf.matMul(dLogits, transpose(denseKernel)) as tf.Tensor2D;
      for (const { names, passed, mask } of layers.toReversed()) {
        const found = passed.backward(mask ? tf.mul(gradient, mask) : gradient);
        for (const [i, name] of names.entries()) gradients.set(name, found.weights[i]!);
        gradient = found.inputs;
      }
      const chosen = oneHot(ids, this.vocabularySize);
      gradients.set(EMBEDDING, tf.matMul(transpose(chosen), gradient));
      return gradients;
    };
    return { pass, backward };
  }

  /** A model's weights, to learn on from. The opposite of `toModel`. */
  weightsOf(model: Model): Weights {
    const { embedding, lstms, dense } = plainLstmOf(model);
    const weights = new Map<string, tf.Tensor>();
    weights.set(EMBEDDING, tf.tensor2d(embedding.matrix, [embedding.rows, embedding.columns]));
    for (const [layer, { units, inputSize, kernel, recurrentKernel, bias }] of lstms.entries()) {
      const names = this.#namesOf(layer);
      weights.set(names[0], tf.tensor2d(kernel, [inputSize, 4 * units]));
      weights.set(names[1], tf.tensor2d(recurrentKernel, [units, 4 * units]));
      weights.set(names[2], tf.tensor1d(bias));
    }
    weights.set(DENSE_KERNEL, tf.tensor2d(dense.kernel, [dense.inputSize, dense.units]));
    weights.set(DENSE_BIAS, tf.tensor1d(dense.bias));
    return weights;
  }

  /** The weights as a model that every engine reads; LSTMs only. */
  async toModel(weights: Weights, vocabulary: Vocabulary, metadata: Model['metadata']): Promise<Model> {
    const { units, embedding } = this.architecture;
    const values = async (name: string) => (await weights.get(name)!.data()) as Float32Array;
    let inputSize = embedding;
    const lstms: LstmLayer[] = [];
    for (const [layer, size] of units.entries()) {
      const [kernel, recurrent, bias] = this.#namesOf(layer);
      lstms.push({
        kind: 'lstm',
        units: size,
        inputSize,
        activation: 'tanh',
        recurrentActivation: 'sigmoid',
        kernel: await values(kernel),
        recurrentKernel: await values(recurrent),
        bias: await values(bias),
      });
      inputSize = size;
    }
    return {
      name: 'trained',
      version: '000000000000',
      vocabulary,
      layers: [
        { kind: 'embedding', rows: vocabulary.size, columns: embedding, matrix: await values(EMBEDDING) },
        ...lstms,
        {
          kind: 'dense',
          units: vocabulary.size,
          inputSize,
          activation: 'linear',
          kernel: await values(DENSE_KERNEL),
          bias: await values(DENSE_BIAS),
        },
      ],
      reading: { kind: 'stateful' },
      metadata,
    };
  }

  #namesOf(layer: number): [kernel: string, recurrent: string, bias: string] {
    const name = `${this.architecture.cell}_${layer}`;
    return [`${name}/kernel`, `${name}/recurrent_kernel`, `${name}/bias`];
  }
}

function keepOf({ steps, streams, fresh }: Lesson): Chunk['keep'] {
  return Array.from({ length: steps }, (_, t) => {
    const row = fresh.subarray(t * streams, (t + 1) * streams);
    if (!row.includes(1)) return undefined;
    return tf.tensor2d(
      Float32Array.from(row, (isFresh) => 1 - isFresh),
      [streams, 1],
    );
  });
}

/** [rows, size]. Cast afterwards: the WASM backend's own float32 form has the bits of the integer 1 in it. */
function oneHot(ids: tf.Tensor1D, size: number): tf.Tensor2D {
  return tf.cast(tf.oneHot(ids, size), 'float32') as tf.Tensor2D;
}

/** Inverted dropout (Srivastava et al., 2014): zeros, and what is left scaled so that the mean stays. */
function dropoutMask(shape: [number, number], dropout: number, seed: number): tf.Tensor2D {
  const uniforms = tf.randomUniform(shape, 0, 1, 'float32', seed);
  return tf.div(tf.cast(tf.greaterEqual(uniforms, dropout), 'float32'), 1 - dropout) as tf.Tensor2D;
}

/** For each gate an orthogonal matrix, beside each other: [size, gates * size]. */
function orthogonalBlocks(size: number, gates: number, uniform: () => number): Float32Array {
  const values = new Float32Array(size * gates * size);
  for (let gate = 0; gate < gates; gate++) {
    const rows = orthogonalRows(size, uniform);
    for (let row = 0; row < size; row++) values.set(rows[row]!, row * gates * size + gate * size);
  }
  return values;
}

/** Normal noise made orthogonal by the modified Gram-Schmidt process, twice for precision. */
function orthogonalRows(size: number, uniform: () => number): Float64Array[] {
  const rows: Float64Array[] = [];
  while (rows.length < size) {
    const row = Float64Array.from({ length: size }, () => normal(uniform));
    for (let round = 0; round < 2; round++) {
      for (const other of rows) {
        let product = 0;
        for (let i = 0; i < size; i++) product += row[i]! * other[i]!;
        for (let i = 0; i < size; i++) row[i]! -= product * other[i]!;
      }
    }
    const norm = Math.hypot(...row);
    rows.push(row.map((value) => value / norm));
  }
  return rows;
}

/** A standard normal number by Box and Muller (1958). */
function normal(uniform: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
