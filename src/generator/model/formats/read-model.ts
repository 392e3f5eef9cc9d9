/** Reads models of every supported format, which the file's content identifies. */
import { createReadStream, existsSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { unreadable } from '../files.ts';
import { MODEL_FILE } from '../format.ts';
import { noModelYet } from '../missing.ts';
import { unusable } from '../model.ts';
import type { ForeignModel } from './foreign-model.ts';
import { MAX_HDF5_BYTES } from './hdf5.ts';
import { readKerasArchive } from './keras-archive.ts';
import { readKerasHdf5 } from './keras-hdf5.ts';
import { readSafetensors } from './safetensors.ts';
import { readTensorflowModel } from './tensorflow.ts';

const HDF5_SIGNATURE = Buffer.from('\x89HDF\r\n\x1a\n', 'latin1');
const ZIP_SIGNATURE = Buffer.from('PK\x03\x04', 'latin1');
/** Offset of the first character of a safetensors header. */
const SAFETENSORS_HEADER = 8;
const BEGINNING_BYTES = 16;

/**
 * Reads a model from a folder with a `model.json`, or from a file.
 *
 * @param options.isResidual whether the layers of a safetensors file are a residual stack; other formats say so
 * @throws StoryError `model_unavailable` that names the obstacle
 */
export async function readModel(
  path: string,
  { isResidual = false }: { readonly isResidual?: boolean | undefined } = {},
): Promise<ForeignModel> {
  const file = basename(resolve(path));
  const found = await stat(path).catch((error: unknown) => {
    throw noModelYet(path) ?? unreadable(file, error);
  });
  const isFolder = found.isDirectory();
  if (isFolder && !existsSync(join(path, MODEL_FILE))) {
    const error = noModelYet(path);
    if (error) throw error;
  }
  if (isFolder) return readTensorflowModel(join(path, MODEL_FILE));
  if (!found.isFile()) throw unusable(file, 'it is neither a file nor a folder');
  const beginning = await beginningOf(path, file);
  if (beginning[0] === '{'.charCodeAt(0)) return readTensorflowModel(path);
  const readers: [boolean, () => Promise<ForeignModel>][] = [
    [
      beginning.subarray(0, HDF5_SIGNATURE.length).equals(HDF5_SIGNATURE),
      async () => readKerasHdf5(await wholeOf(path, found.size, file), file),
    ],
    [
      beginning.subarray(0, ZIP_SIGNATURE.length).equals(ZIP_SIGNATURE),
      () => readKerasArchive(path, found.size, file),
    ],
    [
      beginning[SAFETENSORS_HEADER] === '{'.charCodeAt(0),
      async () => readSafetensors(await wholeOf(path, found.size, file), file, isResidual),
    ],
  ];
  const read = readers.find(([matches]) => matches)?.[1];
  if (!read) {
    throw unusable(file, 'it is none of HDF5, .keras, safetensors and the model.json of TensorFlow.js');
  }
  if (found.size > MAX_HDF5_BYTES) {
    throw unusable(file, `it has ${found.size} bytes; a model may have ${MAX_HDF5_BYTES}`);
  }
  return read();
}

/** The bytes of a file, in a buffer of their own, which can be transferred without a copy. */
async function wholeOf(path: string, byteLength: number, file: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(byteLength);
  let offset = 0;
  try {
    for await (const chunk of createReadStream(path, { end: byteLength - 1 })) {
      bytes.set(chunk as Buffer, offset);
      offset += (chunk as Buffer).length;
    }
  } catch (error) {
    throw unreadable(file, error);
  }
  return bytes.subarray(0, offset);
}

async function beginningOf(path: string, file: string): Promise<Buffer> {
  try {
    const handle = await open(path);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(BEGINNING_BYTES), 0, BEGINNING_BYTES, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw unreadable(file, error);
  }
}
