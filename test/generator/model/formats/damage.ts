/**
 * Damaged HDF5 files, read as the product reads them: in a thread, which is terminated when the library does
 * not return.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readHdf5 } from '../../../../src/generator/model/formats/hdf5.ts';
import { ModelFileError } from '../../../../src/generator/model/model.ts';

/** The library loops endlessly on some files; an intact one is read in a twentieth of this time. */
const TIME_LIMIT_MS = 4_000;

/** Whether a file is read; asserts that a refusal is one line of words. */
async function isRead(bytes: Uint8Array): Promise<boolean> {
  try {
    await readHdf5(bytes, 'model.h5', { timeLimitMs: TIME_LIMIT_MS });
    return true;
  } catch (error) {
    assert.ok(error instanceof ModelFileError, String(error));
    assert.ok(error.message.length > 20 && !error.message.includes('\n'), error.message);
    return false;
  }
}

/** A file that is truncated at any position is never read. */
export async function cutShort(whole: Uint8Array, runs: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 8, max: whole.length - 1 }), async (length) => {
      assert.ok(!(await isRead(whole.slice(0, length))));
    }),
    { numRuns: runs, examples: [[8], [512], [2_048], [whole.length - 1]], endOnFailure: true },
  );
}

/** A file with up to four changed bytes is read or refused, without any other effect. */
export async function changed(whole: Uint8Array, runs: number): Promise<void> {
  const byte = fc.record({ at: fc.nat(), value: fc.integer({ min: 0, max: 255 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(byte, { minLength: 1, maxLength: 4 }), async (changes) => {
      const bytes = whole.slice();
      for (const { at, value } of changes) bytes[at % bytes.length] = value;
      await isRead(bytes);
    }),
    { numRuns: runs, endOnFailure: true },
  );
}
