/**
 * File modes of the data folder. It holds prompts, stories and encrypted tokens, so only the user that the
 * process runs as may read it, independent of the umask.
 */
import { chmod, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../../make-folder.ts';

const PRIVATE_FOLDER_MODE = 0o700;
export const PRIVATE_FILE_MODE = 0o600;
/** Permissions of the group and of all other users. */
const OTHERS = 0o077;

/** Creates a folder, and its missing parents, that only this user can enter. */
export async function makePrivateFolder(folder: string): Promise<void> {
  await makeFolder(folder, PRIVATE_FOLDER_MODE);
}

/**
 * Removes the permissions of all other users from a file or a folder and everything below it.
 *
 * @returns paths whose permissions could not be changed: they belong to another user, or the file system has
 *   none
 */
export async function closeToOthers(path: string): Promise<string[]> {
  const refused: string[] = [];
  const stats = await lstat(path);
  if (stats.isSymbolicLink()) return refused;
  if ((stats.mode & OTHERS) !== 0 && !(await isClosed(path, stats.mode))) refused.push(path);
  if (!stats.isDirectory()) return refused;
  for (const name of await readdir(path)) refused.push(...(await closeToOthers(join(path, name))));
  return refused;
}

/** Closes one file or folder; an exFAT mount accepts the call and changes nothing. */
async function isClosed(path: string, mode: number): Promise<boolean> {
  try {
    await chmod(path, mode & 0o7777 & ~OTHERS);
  } catch {
    return false;
  }
  return ((await lstat(path)).mode & OTHERS) === 0;
}
