/**
 * An exclusive lock on a folder, held by a live process. PGlite opens a folder that another process has
 * open without a word, and the two then overwrite each other's pages; this lock is what prevents it.
 */
import { readFileSync } from 'node:fs';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { StoryError } from '../../errors.ts';

const LOCK_FILE = 'process.lock';
const ATTEMPTS = 3;

export interface FolderLock {
  release(): Promise<void>;
}

interface Holder {
  readonly pid: number;
  /** When the process started, in the kernel's ticks since boot; tells it from a later one of the same pid. */
  readonly started: string | null;
}

/** Folders that this very process holds: its own pid in a lock file would otherwise look like a leftover. */
const heldHere = new Set<string>();

/**
 * Takes the lock on a folder.
 *
 * @throws StoryError `configuration` when a live process holds it.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const file = join(resolve(folder), LOCK_FILE);
  const mine = `${file}.${process.pid}`;
  const me: Holder = { pid: process.pid, started: startOf(process.pid) };
  if (heldHere.has(file)) throw taken(folder, process.pid);
  await writeFile(mine, JSON.stringify(me));
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        // A link appears whole or not at all, and fails when the name exists: nobody reads half a lock.
        await link(mine, file);
        heldHere.add(file);
        return {
          release: async () => {
            if (heldHere.delete(file)) await rm(file, { force: true });
          },
        };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = await readHolder(file);
      if (holder && isAlive(holder)) throw taken(folder, holder.pid);
      await rm(file, { force: true });
    }
    throw taken(folder, undefined);
  } finally {
    await rm(mine, { force: true });
  }
}

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Holder;
  } catch {
    // Gone in between, or torn by a power cut: either way nobody's.
    return undefined;
  }
}

function isAlive(holder: Holder): boolean {
  // Our own pid from an earlier life (a container's process is always the same one).
  if (holder.pid === process.pid) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return holder.started === null || startOf(holder.pid) === null || startOf(holder.pid) === holder.started;
}

/** Start time of a process where the kernel tells (field 22 of Linux's /proc/PID/stat), otherwise null. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function taken(folder: string, pid: number | undefined): StoryError {
  return new StoryError(
    'configuration',
    `The embedded queue's data in ${folder} is in use by ${pid ? `process ${pid}` : 'another process'}. ` +
      'Stop that one first, choose another SCIFI_DATA folder, or set REDIS_URL to share a queue.',
  );
}
