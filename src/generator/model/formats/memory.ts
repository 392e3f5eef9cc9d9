/**
 * The memory limit of an import. Every size that a file declares (of arrays, of headers, of unpacked files)
 * is checked against it before anything is decoded, so that an import never needs more than four times the
 * file and 256 MB, most of which the program itself takes.
 */

/** The part of the 256 MB that is left for a file of any size. */
const SPARE_BYTES = 40 << 20;
const TIMES_THE_FILE = 4;
/** Removing ids without a character takes a copy of the arrays. */
const COPIES = 2;

/** Largest JSON in bytes: parsed, the worst case takes thirty times as much. */
export const MAX_JSON_BYTES = 1 << 20;
/** A `model.json` is the file itself, or a part of it. */
export const MAX_MODEL_JSON_BYTES = 1 << 22;

/** Bytes that may be allocated at a time for a file of this size. */
export function memoryFor(fileBytes: number): number {
  return TIMES_THE_FILE * fileBytes + SPARE_BYTES;
}

/** Bytes that a model's arrays may have, given the limit for its file. */
export function arraysWithin(memory: number): number {
  return Math.floor(memory / COPIES);
}
