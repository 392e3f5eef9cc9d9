/**
 * An exclusive lock on a folder, held by a live process. PGlite opens a folder that another process has
 * open without a word, and the two then overwrite each other's pages; this lock is what prevents it.
 */
import { readFileSync } from 'node:fs';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { StoryError } from '../../errors.ts';

const LOCK_FILE = 'process.lock';
/** Held for the moment in which a dead process's lock is replaced. */
const GUARD_SUFFIX = '.takeover';
const ATTEMPTS = 5;

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
  if (heldHere.has(file)) throw taken(folder, process.pid);
  heldHere.add(file);
  const mine = `${file}.${process.pid}`;
  const me: Holder = { pid: process.pid, started: startOf(process.pid) };
  try {
    await writeFile(mine, JSON.stringify(me));
    const holder = await take(mine, file);
    if (holder !== 'mine') throw taken(folder, holder?.pid);
    let released = false;
    return {
      release: async () => {
        if (released) return;
        released = true;
        await rm(file, { force: true });
        heldHere.delete(file);
      },
    };
  } catch (error) {
    heldHere.delete(file);
    throw error;
  } finally {
    await rm(mine, { force: true });
  }
}

/** Looks which live process holds a folder, without taking it; undefined where no process does. */
export async function findHolder(folder: string): Promise<Holder | 'unknown' | undefined> {
  const holder = await readHolder(join(resolve(folder), LOCK_FILE));
  return holder && holder !== 'nobody' && isAlive(holder) ? holder : undefined;
}

/** Takes the lock for the process that wrote `mine`; otherwise tells who has it, as far as that is known. */
async function take(mine: string, file: string): Promise<'mine' | Holder | undefined> {
  const guard = `${file}${GUARD_SUFFIX}`;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await linked(mine, file)) return 'mine';
    const holder = await readHolder(file);
    if (holder === 'nobody') continue;
    if (holder && isAlive(holder)) return holder;
    // A dead one's lock. Only the guard's owner may remove it: by the time another of those who found it
    // dead came to that, it could be a live one's.
    if (await linked(mine, guard)) {
      try {
        const now = await readHolder(file);
        if (now === 'nobody') continue;
        if (now && isAlive(now)) return now;
        await rm(file, { force: true });
        if (await linked(mine, file)) return 'mine';
      } finally {
        await rm(guard, { force: true });
      }
    } else {
      const successor = await readHolder(guard);
      if (successor === 'nobody') continue;
      if (successor && isAlive(successor)) return successor;
      await rm(guard, { force: true });
    }
  }
  return undefined;
}

/** Gives a file a second name: whole or not at all, and not where that name exists, so nobody reads half a lock. */
async function linked(file: string, name: string): Promise<boolean> {
  try {
    await link(file, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Who holds a lock: nobody where there is no such file, undefined where a power cut has torn it. */
async function readHolder(file: string): Promise<Holder | 'nobody' | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Holder;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'nobody' : undefined;
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
