/** Weights as 8-bit integers. No `node:` imports. */

/** The largest absolute value of a weight. */
const WEIGHT_STEPS = 127;
/** A hidden state h is stored as `HIDDEN_ZERO` + round(`HIDDEN_STEPS` * h), which takes seven bits. */
export const HIDDEN_STEPS = 63;
export const HIDDEN_ZERO = 64;

/** A matrix as integers, each column with its own scale: w is about value * scale. */
export interface QuantisedMatrix {
  readonly columns: number;
  /** [rows, columns], each from -127 to 127 */
  readonly values: Int8Array;
  /** [columns] */
  readonly scales: Float32Array;
}

/**
 * Rounds each weight to the nearest multiple of its column's scale, which is the column's largest absolute
 * weight / 127.
 *
 * @param matrices with equal numbers of columns; they are stacked, the first on top
 */
export function quantise(matrices: readonly Float32Array[], columns: number): QuantisedMatrix {
  const largest = new Float32Array(columns);
  for (const matrix of matrices) {
    for (let i = 0; i < matrix.length; i += columns) {
      for (let column = 0; column < columns; column++) {
        const size = Math.abs(matrix[i + column]!);
        if (size > largest[column]!) largest[column] = size;
      }
    }
  }
  const scales = largest.map((size) => size / WEIGHT_STEPS || 1);
  const values = new Int8Array(matrices.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const matrix of matrices) {
    for (let i = 0; i < matrix.length; i += columns) {
      for (let column = 0; column < columns; column++) {
        const steps = Math.round(matrix[i + column]! / scales[column]!);
        values[at++] = Math.max(-WEIGHT_STEPS, Math.min(WEIGHT_STEPS, steps));
      }
    }
  }
  return { columns, values, scales };
}

/** For each column, -`HIDDEN_ZERO` times the sum of its values over `rows` rows from `first` on. */
export function corrections(
  { columns, values }: QuantisedMatrix,
  first = 0,
  rows = values.length / columns,
): Int32Array {
  const sums = new Int32Array(columns);
  for (let row = first; row < first + rows; row++) {
    for (let column = 0; column < columns; column++)
      sums[column]! -= HIDDEN_ZERO * values[row * columns + column]!;
  }
  return sums;
}
