/** Draws the initial weights. */
import * as tf from '@tensorflow/tfjs-core';
import { uniformAt } from '../../generator/sampler.ts';
import { CELLS, type CellName } from './cells.ts';

/** Draws matrices and vectors in sequence from one seed. */
export class Drawing {
  readonly #seed: number;
  #position = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Uniform between minus `limit` and `limit`. */
  within(limit: number, rows: number, columns: number): tf.Tensor2D {
    const values = Float32Array.from({ length: rows * columns }, () => (this.#uniform() * 2 - 1) * limit);
    return tf.tensor2d(values, [rows, columns]);
  }

  /** Glorot and Bengio (2010). */
  glorot(rows: number, columns: number): tf.Tensor2D {
    return this.within(Math.sqrt(6 / (rows + columns)), rows, columns);
  }

  /**
   * Kernel, recurrent kernel and bias of a recurrent layer as Keras draws them: the recurrent kernel
   * orthogonal (Saxe et al., 2014), biases zero except for an LSTM's forget gate, which is one (Jozefowicz et
   * al., 2015).
   */
  recurrent(cell: CellName, inputs: number, units: number): [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D] {
    const { gates, biasRows } = CELLS[cell];
    const kernel = this.glorot(inputs, gates * units);
    const recurrent = tf.tensor2d(this.#orthogonalBlocks(units, gates), [units, gates * units]);
    const bias = new Float32Array(biasRows * gates * units);
    if (cell === 'lstm') bias.fill(1, units, 2 * units);
    return [kernel, recurrent, tf.tensor1d(bias)];
  }

  #uniform(): number {
    return uniformAt(this.#seed, this.#position++, 0);
  }

  /** One orthogonal matrix for each gate, concatenated: [size, gates * size]. */
  #orthogonalBlocks(size: number, gates: number): Float32Array {
    const values = new Float32Array(size * gates * size);
    for (let gate = 0; gate < gates; gate++) {
      const rows = this.#orthogonalRows(size);
      for (let row = 0; row < size; row++) values.set(rows[row]!, row * gates * size + gate * size);
    }
    return values;
  }

  /** Normal noise made orthogonal by the modified Gram-Schmidt process, twice for precision. */
  #orthogonalRows(size: number): Float64Array[] {
    const rows: Float64Array[] = [];
    while (rows.length < size) {
      const row = Float64Array.from({ length: size }, () => this.#normal());
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
  #normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.#uniform())) * Math.cos(2 * Math.PI * this.#uniform());
  }
}
