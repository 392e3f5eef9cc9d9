/**
 * Recurrent layers over a chunk of steps, with forward and backward passes written by hand: what all steps
 * have in common is one matrix product over the whole chunk (inputs, and the gradients of every weight), and
 * only what depends on the step before is multiplied step by step. The rows of a chunk are in time-major
 * order: row t * streams + s is stream s at time t.
 */
import * as tf from '@tensorflow/tfjs-core';
import { multiply, rowsByStep, stack, sumOfRows, transpose } from './matrices.ts';

export interface Chunk {
  readonly steps: number;
  readonly streams: number;
  /**
   * For each step, whether each stream continues from the step before: [streams, 1] of ones, with zeros where
   * a stream starts from a fresh state; undefined where every stream continues.
   */
  readonly keep: readonly (tf.Tensor2D | undefined)[];
}

/**
 * A layer's state, carried from the end of a chunk to the beginning of the next; each tensor is [streams,
 * units].
 */
export type CellState = readonly tf.Tensor2D[];

/** kernel [inputs, gates * units], recurrent kernel [units, gates * units], bias [biasRows * gates * units] */
export type CellWeights = readonly [kernel: tf.Tensor2D, recurrent: tf.Tensor2D, bias: tf.Tensor1D];

/** The result of a forward pass. */
export interface Passed {
  /** [steps * streams, units] */
  readonly outputs: tf.Tensor2D;
  readonly state: CellState;
  /**
   * @param gradient of the loss with respect to the outputs, [steps * streams, units]
   * @returns the gradients with respect to the inputs and the weights
   */
  backward(gradient: tf.Tensor2D): { readonly inputs: tf.Tensor2D; readonly weights: CellWeights };
}

export interface Cell {
  /** Number of matrices that are concatenated in a kernel. */
  readonly gates: number;
  /** Number of tensors of its state. */
  readonly states: number;
  /** Rows of the bias: a GRU in Keras's form has one bias for its inputs and one for its state. */
  readonly biasRows: number;
  /** Reads a chunk of inputs, [steps * streams, inputs]. */
  forward(weights: CellWeights, inputs: tf.Tensor2D, state: CellState, chunk: Chunk): Passed;
}

/**
 * The LSTM of Hochreiter and Schmidhuber (1997) with the forget gate of Gers et al. (2000), gates in Keras's
 * order: i, f, g, o = the quarters of x K + h R + b; c' = sigmoid(f) c + sigmoid(i) tanh(g);
 * h' = sigmoid(o) tanh(c').
 */
const lstm: Cell = {
  gates: 4,
  states: 2,
  biasRows: 1,
  forward([kernel, recurrent, bias], inputs, [firstHidden, firstCell], { steps, streams, keep }) {
    const units = recurrent.shape[0];
    const fromInputs = rowsByStep(multiply(inputs, kernel, bias), steps, streams);
    const seen: {
      i: tf.Tensor;
      f: tf.Tensor;
      g: tf.Tensor;
      o: tf.Tensor;
      before: tf.Tensor;
      tanh: tf.Tensor;
    }[] = [];
    const read: tf.Tensor2D[] = [];
    const hiddens: tf.Tensor2D[] = [];
    let [hidden, cell] = [firstHidden!, firstCell!];
    for (let t = 0; t < steps; t++) {
      [hidden, cell] = [masked(hidden, keep[t]), masked(cell, keep[t])];
      const z = tf.add(fromInputs[t]!, tf.matMul(hidden, recurrent));
      const [zi, zf, zg, zo] = tf.split(z, 4, 1);
      const [i, f, g, o] = [tf.sigmoid(zi!), tf.sigmoid(zf!), tf.tanh(zg!), tf.sigmoid(zo!)];
      read.push(hidden);
      const before = cell;
      cell = tf.add(tf.mul(f, before), tf.mul(i, g));
      const tanh = tf.tanh(cell);
      hidden = tf.mul(o, tanh);
      hiddens.push(hidden);
      seen.push({ i, f, g, o, before, tanh });
    }
    return {
      outputs: stack(hiddens),
      state: [hidden, cell],
      backward(gradient) {
        const fromAbove = rowsByStep(gradient, steps, streams);
        const transposed = transpose(recurrent);
        const gates: tf.Tensor2D[] = new Array(steps);
        let dHidden: tf.Tensor2D = tf.zeros([streams, units]);
        let dCell: tf.Tensor2D = tf.zeros([streams, units]);
        for (let t = steps - 1; t >= 0; t--) {
          const { i, f, g, o, before, tanh } = seen[t]!;
          const dh = tf.add(fromAbove[t]!, dHidden);
          const dc = tf.add(dCell, tf.mul(tf.mul(dh, o), oneMinusSquare(tanh)));
          const dz = tf.concat(
            [
              tf.mul(tf.mul(dc, g), slopeOfSigmoid(i)),
              tf.mul(tf.mul(dc, before), slopeOfSigmoid(f)),
              tf.mul(tf.mul(dc, i), oneMinusSquare(g)),
              tf.mul(tf.mul(dh, tanh), slopeOfSigmoid(o)),
            ],
            1,
          ) as tf.Tensor2D;
          gates[t] = dz;
          dHidden = masked(tf.matMul(dz, transposed), keep[t]);
          dCell = masked(tf.mul(dc, f), keep[t]);
        }
        const dGates = stack(gates);
        return {
          inputs: tf.matMul(dGates, transpose(kernel)),
          weights: [
            tf.matMul(transpose(inputs), dGates),
            tf.matMul(transpose(stack(read)), dGates),
            sumOfRows(dGates),
          ],
        };
      },
    };
  },
};

/**
 * The GRU of Cho et al. (2014) in the form of cuDNN and of Keras's `reset_after`, gates in Keras's order:
 * with a = x K + b0 and u = h R + b1 in thirds, z = sigmoid(a_z + u_z), r = sigmoid(a_r + u_r),
 * n = tanh(a_n + r u_n); h' = z h + (1 - z) n.
 */
const gru: Cell = {
  gates: 3,
  states: 1,
  biasRows: 2,
  forward([kernel, recurrent, bias], inputs, [firstHidden], { steps, streams, keep }) {
    const units = recurrent.shape[0];
    const [inputBias, stateBias] = tf.split(bias, 2) as [tf.Tensor1D, tf.Tensor1D];
    const fromInputs = rowsByStep(multiply(inputs, kernel, inputBias), steps, streams);
    const seen: { z: tf.Tensor; r: tf.Tensor; n: tf.Tensor; un: tf.Tensor; before: tf.Tensor2D }[] = [];
    const hiddens: tf.Tensor2D[] = [];
    let hidden = firstHidden!;
    for (let t = 0; t < steps; t++) {
      hidden = masked(hidden, keep[t]);
      const [az, ar, an] = tf.split(fromInputs[t]!, 3, 1);
      const [uz, ur, un] = tf.split(multiply(hidden, recurrent, stateBias), 3, 1) as tf.Tensor2D[];
      const z = tf.sigmoid(tf.add(az!, uz!));
      const r = tf.sigmoid(tf.add(ar!, ur!));
      const n = tf.tanh(tf.add(an!, tf.mul(r, un!)));
      seen.push({ z, r, n, un: un!, before: hidden });
      hidden = tf.add(n, tf.mul(z, tf.sub(hidden, n)));
      hiddens.push(hidden);
    }
    return {
      outputs: stack(hiddens),
      state: [hidden],
      backward(gradient) {
        const fromAbove = rowsByStep(gradient, steps, streams);
        const transposed = transpose(recurrent);
        const inputGates: tf.Tensor2D[] = new Array(steps);
        const stateGates: tf.Tensor2D[] = new Array(steps);
        let dHidden: tf.Tensor2D = tf.zeros([streams, units]);
        for (let t = steps - 1; t >= 0; t--) {
          const { z, r, n, un, before } = seen[t]!;
          const dh = tf.add(fromAbove[t]!, dHidden);
          const dn = tf.mul(tf.mul(dh, tf.sub(1, z)), oneMinusSquare(n));
          const dz = tf.mul(tf.mul(dh, tf.sub(before, n)), slopeOfSigmoid(z));
          const dr = tf.mul(tf.mul(dn, un), slopeOfSigmoid(r));
          inputGates[t] = tf.concat([dz, dr, dn], 1) as tf.Tensor2D;
          stateGates[t] = tf.concat([dz, dr, tf.mul(dn, r)], 1) as tf.Tensor2D;
          const back = tf.add(tf.matMul(stateGates[t]!, transposed), tf.mul(dh, z)) as tf.Tensor2D;
          dHidden = masked(back, keep[t]);
        }
        const dInputGates = stack(inputGates);
        const dStateGates = stack(stateGates);
        const read = stack(seen.map(({ before }) => before));
        return {
          inputs: tf.matMul(dInputGates, transpose(kernel)),
          weights: [
            tf.matMul(transpose(inputs), dInputGates),
            tf.matMul(transpose(read), dStateGates),
            tf.concat1d([sumOfRows(dInputGates), sumOfRows(dStateGates)]),
          ],
        };
      },
    };
  },
};

export const CELLS = { lstm, gru } as const;
export type CellName = keyof typeof CELLS;

function masked(state: tf.Tensor2D, keep: tf.Tensor2D | undefined): tf.Tensor2D {
  return keep ? tf.mul(state, keep) : state;
}

/** The derivative of a sigmoid, from its output. */
function slopeOfSigmoid(value: tf.Tensor): tf.Tensor {
  return tf.mul(value, tf.sub(1, value));
}

/** The derivative of a hyperbolic tangent, from its output. */
function oneMinusSquare(value: tf.Tensor): tf.Tensor {
  return tf.sub(1, tf.square(value));
}
