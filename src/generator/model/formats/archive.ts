/** Reads files of a zip archive into memory: nothing is written to disk, so entry names cannot do harm. */
import type { Readable } from 'node:stream';
import { openPromise, type ZipFile } from 'yauzl';
import { ModelFileError, unusable } from '../model.ts';

/** More files than any model has. */
const MAX_ENTRIES = 1_000;

/**
 * Reads the wanted files of an archive.
 *
 * @param path of the archive; its other files are not read
 * @param wanted the largest size of each file in bytes, by name
 * @param file how errors call the archive
 * @throws StoryError `model_unavailable` when the archive is damaged, or one of its files is too large
 */
export async function readArchive(
  path: string,
  wanted: Readonly<Record<string, number>>,
  file: string,
): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  let archive: ZipFile | undefined;
  try {
    archive = await openPromise(path, { lazyEntries: true });
    if (archive.entryCount > MAX_ENTRIES) throw unusable(file, `it has more than ${MAX_ENTRIES} files in it`);
    for await (const entry of archive.eachEntry()) {
      const { fileName, uncompressedSize } = entry;
      const most = Object.hasOwn(wanted, fileName) ? wanted[fileName]! : undefined;
      if (most === undefined) continue;
      if (found.has(fileName)) throw unusable(file, `it has two files of the name ${fileName}`);
      // The library checks that an entry is no longer than the archive claims.
      if (uncompressedSize > most) {
        throw unusable(file, `its ${fileName} claims to have ${uncompressedSize} bytes; it may have ${most}`);
      }
      const content = await bytesOf(await archive.openReadStreamPromise(entry), uncompressedSize);
      if (crc32(content) !== entry.crc32) throw unusable(file, `its ${fileName} was changed or damaged`);
      found.set(fileName, content);
    }
  } catch (error) {
    if (error instanceof ModelFileError) throw error;
    throw unusable(file, 'it is not a whole zip archive', error);
  } finally {
    archive?.close();
  }
  return found;
}

async function bytesOf(stream: Readable, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let offset = 0;
  for await (const chunk of stream) {
    bytes.set(chunk as Uint8Array, offset);
    offset += (chunk as Uint8Array).length;
  }
  return bytes;
}

/** Reversed polynomial of the checksum in zip archives (ISO 3309). */
const CRC_POLYNOMIAL = 0xedb8_8320;
const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? CRC_POLYNOMIAL : 0);
  return remainder;
});

/** Node has `zlib.crc32` only since 20.15. */
function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 0xff]!;
  return ~crc >>> 0;
}
