/**
 * Matrices as 8-bit integers with one float32 scale for each output, that is, for each column: a quarter of
 * float32's bytes. The bytes are the integers row by row, from -127 to 127, then the scales. A value is its
 * integer times its column's scale.
 */
const MOST = 127;
const SCALE_BYTES = 4;

/** Bytes of a matrix with so many rows and columns. */
export function int8ByteLength(rows: number, columns: number): number {
  return rows * columns + columns * SCALE_BYTES;
}

/** The nearest integers; a column's scale is its largest absolute value over 127. */
export function float32ToInt8(values: Float32Array, columns: number): Uint8Array<ArrayBuffer> {
  const rows = values.length / columns;
  const scales = new Float32Array(columns);
  for (let i = 0; i < values.length; i++) {
    const column = i % columns;
    scales[column] = Math.max(scales[column]!, Math.abs(values[i]!));
  }
  for (let column = 0; column < columns; column++) scales[column]! /= MOST;
  const bytes = new Uint8Array(int8ByteLength(rows, columns));
  const integers = new Int8Array(bytes.buffer, 0, values.length);
  for (let i = 0; i < values.length; i++) {
    const scale = scales[i % columns]!;
    const nearest = scale === 0 ? 0 : Math.round(values[i]! / scale);
    // A scale that was rounded down gives more than 127.
    integers[i] = Math.max(-MOST, Math.min(MOST, nearest));
  }
  bytes.set(new Uint8Array(scales.buffer), values.length);
  return bytes;
}

/** @param bytes of `int8ByteLength`, in a buffer of their own */
export function int8ToFloat32(bytes: ArrayBuffer, columns: number): Float32Array {
  const count = bytes.byteLength - columns * SCALE_BYTES;
  const integers = new Int8Array(bytes, 0, count);
  // A copy, because scales need not lie at a multiple of four bytes.
  const scales = new Float32Array(bytes.slice(count));
  return Float32Array.from(integers, (integer, i) => integer * scales[i % columns]!);
}
