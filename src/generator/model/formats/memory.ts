/**
 * How much memory an import may take. All that is declared in a file (sizes of arrays, of headers, of what an archive
 * unpacks to) is held against this before anything is decoded, so that an import never needs more than four times
 * the file and 256 MB, most of which the program itself takes.
 */

/** What is left of the 256 MB for a file, whatever its size. */
const SPARE_BYTES = 40 << 20;
const TIMES_THE_FILE = 4;
/** Ids without a character are taken out of a copy of the arrays. */
const COPIES = 2;

/** The most bytes of JSON: parsed, the worst takes thirty times as much. */
export const MAX_JSON_BYTES = 1 << 20;
/** A `model.json` is itself the file, or a part of it. */
export const MAX_MODEL_JSON_BYTES = 1 << 22;

/** Bytes that may be taken at a time for a file of so many bytes. */
export function memoryFor(fileBytes: number): number {
  return TIMES_THE_FILE * fileBytes + SPARE_BYTES;
}

/** Bytes that a model's arrays may have, given what may be taken for its file. */
export function arraysWithin(memory: number): number {
  return Math.floor(memory / COPIES);
}
