/**
 * A trainable network: embedding, recurrent layers with dropout between them, optional batch normalisation
 * after the last, softmax. It takes one chunk and returns loss and gradients; the streams' states carry over
 * to the next chunk.
 */
import * as tf from '@tensorflow/tfjs-core';
import { CELLS, type CellName, type CellState, type Chunk } from './cells.ts';
import { Drawing } from './initial-weights.ts';
import { multiply, transpose } from './matrices.ts';
import {
  batchNormalization,
  batchNormalizationNames,
  bothWays,
  dropout,
  recurrent,
  recurrentNames,
  type Stage,
  sumWithInput,
  type Weights,
} from './stages.ts';

export interface Architecture {
  readonly cell: CellName;
  /** Units of each layer, from the first; of each direction when the layers are bidirectional. */
  readonly units: readonly number[];
  /** Columns of the embedding. */
  readonly embedding: number;
  /** Share of each layer's outputs that training drops, from 0 to below 1. */
  readonly dropout: number;
  /**
   * Whether the input of each layer but the first is added to its output; then all units are equal, and what
   * is added is not dropped.
   */
  readonly residual?: boolean;
  /** Whether every layer is bidirectional and reads each chunk as a separate window. */
  readonly bidirectional?: boolean;
  /** Whether the last layer's outputs are normalised before the softmax. */
  readonly batchNormalization?: boolean;
}

/** Ids to read and to predict: row t * streams + s is stream s at time t. */
export interface TrainingBatch {
  readonly steps: number;
  readonly streams: number;
  readonly inputs: Int32Array;
  readonly targets: Int32Array;
  /** 1 where a stream starts from a fresh state before it reads that row. */
  readonly fresh: Uint8Array;
}

export interface Pass {
  /** Mean of -ln p over all rows: a scalar. */
  readonly loss: tf.Scalar;
  /** Number of rows whose most likely id was right: a scalar. */
  readonly right: tf.Scalar;
  readonly states: readonly CellState[];
}

export interface LearnedPass extends Pass {
  readonly gradients: Weights;
  /** Values that change without a gradient: the moving averages of batch normalisation. */
  readonly moved: Weights;
}

export const EMBEDDING = 'embedding/embeddings';
export const BATCH_NORMALIZATION = 'batch_normalization';
export const DENSE_KERNEL = 'dense/kernel';
export const DENSE_BIAS = 'dense/bias';

export class TrainableNetwork {
  readonly architecture: Architecture;
  readonly vocabularySize: number;

  constructor(architecture: Architecture, vocabularySize: number) {
    this.architecture = architecture;
    this.vocabularySize = vocabularySize;
  }

  /** New weights as Keras draws them: embeddings uniform within 0.05, kernels by Glorot and Bengio. */
  draw(seed: number): Weights {
    const { cell, units, embedding, bidirectional } = this.architecture;
    const drawing = new Drawing(seed);
    const weights = new Map<string, tf.Tensor>();
    weights.set(EMBEDDING, drawing.within(0.05, this.vocabularySize, embedding));
    let inputs = embedding;
    units.forEach((size, layer) => {
      for (const names of this.recurrentNames(layer)) {
        const drawn = drawing.recurrent(cell, inputs, size);
        for (const [i, name] of names.entries()) weights.set(name, drawn[i]!);
      }
      inputs = bidirectional ? 2 * size : size;
    });
    if (this.architecture.batchNormalization) {
      const { gamma, beta, mean, variance } = batchNormalizationNames(BATCH_NORMALIZATION);
      for (const name of [gamma, variance]) weights.set(name, tf.ones([inputs]));
      for (const name of [beta, mean]) weights.set(name, tf.zeros([inputs]));
    }
    weights.set(DENSE_KERNEL, drawing.glorot(inputs, this.vocabularySize));
    weights.set(DENSE_BIAS, tf.zeros([this.vocabularySize]));
    return weights;
  }

  /** The fresh states of streams; bidirectional layers have none. */
  freshStates(streams: number): CellState[] {
    const { cell, units, bidirectional } = this.architecture;
    const count = bidirectional ? 0 : CELLS[cell].states;
    return units.map((size) => Array.from({ length: count }, () => tf.zeros([streams, size]) as tf.Tensor2D));
  }

  /** Reads a training batch without learning. Must be called inside `tf.tidy`. */
  read(weights: Weights, batch: TrainingBatch, states: readonly CellState[]): Pass {
    return this.#forward(weights, batch, states, undefined).pass;
  }

  /**
   * Reads a training batch and computes the gradient of its mean loss. Must be called inside `tf.tidy`.
   *
   * @param dropoutSeed selects the dropped outputs; the same seed drops the same ones
   */
  learn(
    weights: Weights,
    batch: TrainingBatch,
    states: readonly CellState[],
    dropoutSeed: number,
  ): LearnedPass {
    const { pass, moved, backward } = this.#forward(weights, batch, states, dropoutSeed);
    return { ...pass, moved, gradients: backward() };
  }

  /** Weight names of a layer's one direction, or two. */
  recurrentNames(layer: number) {
    const { cell, bidirectional } = this.architecture;
    const halves = bidirectional ? ['forward_', 'backward_'] : [''];
    return halves.map((half) => recurrentNames(`${half}${cell}_${layer}`));
  }

  /**
   * The kernels whose rows and columns are both hidden units: the recurrent ones, and those of inputs from a
   * layer below; and the number of matrices, one for each gate, that each holds.
   */
  hiddenKernels(): Map<string, number> {
    const { cell, units } = this.architecture;
    const layers = units.map((_, layer) => this.recurrentNames(layer));
    const names = layers.flatMap((halves, layer) =>
      halves.flatMap(([kernel, recurrent]) => (layer === 0 ? [recurrent] : [kernel, recurrent])),
    );
    return new Map(names.map((name) => [name, CELLS[cell].gates]));
  }

  /** @param dropoutSeed undefined when the network does not learn */
  #forward(
    weights: Weights,
    batch: TrainingBatch,
    states: readonly CellState[],
    dropoutSeed: number | undefined,
  ): { pass: Pass; moved: Weights; backward: () => Weights } {
    const { cell, units, dropout: share, batchNormalization: isNormalised, residual } = this.architecture;
    const isDropping = share > 0 && dropoutSeed !== undefined;
    const rows = batch.steps * batch.streams;
    const ids = tf.tensor1d(batch.inputs, 'int32');
    const chunk: Chunk = { steps: batch.steps, streams: batch.streams, keep: keepOf(batch) };
    const stages: Stage[] = [];
    let signal = tf.gather(weights.get(EMBEDDING) as tf.Tensor2D, ids) as tf.Tensor2D;
    const through = <S extends Stage>(stage: S): S => {
      stages.push(stage);
      signal = stage.outputs;
      return stage;
    };
    let moved: Weights = new Map();
    const nextStates = units.map((_, layer): CellState => {
      const [left, right] = this.recurrentNames(layer);
      const isResidual = residual && layer > 0;
      let state: CellState = [];
      if (right) {
        through(bothWays(cell, [left!, right], weights, signal, chunk));
      } else if (isResidual) {
        const dropped = isDropping ? [dropout(share, dropoutSeed + layer - 1, signal)] : [];
        const inputs = dropped[0]?.outputs ?? signal;
        const branch = recurrent(cell, left!, weights, inputs, states[layer]!, chunk);
        ({ state } = branch);
        through(sumWithInput(signal, [...dropped, branch]));
      } else {
        ({ state } = through(recurrent(cell, left!, weights, signal, states[layer]!, chunk)));
      }
      if (isNormalised && layer === units.length - 1) {
        const isLearning = dropoutSeed !== undefined;
        ({ moved } = through(batchNormalization(BATCH_NORMALIZATION, weights, signal, isLearning)));
      }
      const isInBranch = residual && layer < units.length - 1;
      if (isDropping && !isInBranch) through(dropout(share, dropoutSeed + layer, signal));
      return state;
    });
    const denseKernel = weights.get(DENSE_KERNEL) as tf.Tensor2D;
    const logits = multiply(signal, denseKernel, weights.get(DENSE_BIAS) as tf.Tensor1D);
    const top = signal;
    const centred = tf.sub(logits, tf.max(logits, 1, true));
    const exponentials = tf.exp(centred);
    const sums = tf.sum(exponentials, 1, true);
    const targets = tf.tensor1d(batch.targets, 'int32');
    const wanted = oneHot(targets, this.vocabularySize);
    const logarithms = tf.sub(tf.sum(tf.mul(centred, wanted), 1, true), tf.log(sums));
    const pass: Pass = {
      loss: tf.neg(tf.mean(logarithms)) as tf.Scalar,
      right: tf.sum(tf.cast(tf.equal(tf.argMax(logits, 1), targets), 'int32')) as tf.Scalar,
      states: nextStates,
    };
    const backward = () => {
      const gradients = new Map<string, tf.Tensor>();
      const dLogits = tf.div(tf.sub(tf.div(exponentials, sums), wanted), rows) as tf.Tensor2D;
      gradients.set(DENSE_KERNEL, tf.matMul(transpose(top), dLogits));
      gradients.set(DENSE_BIAS, tf.sum(dLogits, 0));
      let gradient = tf.matMul(dLogits, transpose(denseKernel)) as tf.Tensor2D;
      for (const stage of stages.toReversed()) {
        const back = stage.backward(gradient);
        for (const [name, found] of back.weights) gradients.set(name, found);
        gradient = back.inputs;
      }
      const chosen = oneHot(ids, this.vocabularySize);
      gradients.set(EMBEDDING, tf.matMul(transpose(chosen), gradient));
      return gradients;
    };
    return { pass, moved, backward };
  }
}

function keepOf({ steps, streams, fresh }: TrainingBatch): Chunk['keep'] {
  return Array.from({ length: steps }, (_, t) => {
    const row = fresh.subarray(t * streams, (t + 1) * streams);
    if (!row.includes(1)) return undefined;
    return tf.tensor2d(
      Float32Array.from(row, (isFresh) => 1 - isFresh),
      [streams, 1],
    );
  });
}

/**
 * [rows, size]. The cast comes afterwards, because the WASM backend's float32 one-hot has the bits of the
 * integer 1.
 */
function oneHot(ids: tf.Tensor1D, size: number): tf.Tensor2D {
  return tf.cast(tf.oneHot(ids, size), 'float32') as tf.Tensor2D;
}
