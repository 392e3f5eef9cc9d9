import { access, mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Creates a folder, and those above it that are missing. Node's recursive `mkdir` reports `ENOENT` where the
 * system refuses one of several folders, as on a read-only file system; this reports the system's own error.
 *
 * @param mode permissions of new folders; by default those of the process
 * @throws the system's error
 */
export async function makeFolder(folder: string, mode?: number): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') await mkdir(await highestMissing(folder), mode);
    throw error;
  }
}

/** The folder itself or one above it: the first that is missing below one that exists. */
async function highestMissing(folder: string): Promise<string> {
  const parent = dirname(resolve(folder));
  const exists = await access(parent).then(
    () => true,
    () => false,
  );
  return exists ? folder : highestMissing(parent);
}
