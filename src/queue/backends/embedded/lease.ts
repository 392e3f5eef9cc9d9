/**
 * The two parts of a data folder's lock: the lease, a file that identifies the process that holds the folder
 * and whose changes show that the process is alive, and the kernel's lock.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { z } from 'zod';
import { PRIVATE_FILE_MODE } from './private-files.ts';

/** A process that holds a data folder. */
export interface Holder {
  readonly host: string;
  readonly pid: number;
  /** When it took the folder, in ISO 8601. */
  readonly since: string;
}

/** A record always has this length: it is overwritten in place, which works on a full disk, too. */
const RECORD_BYTES = 1_024;
const MAX_HOST_CHARACTERS = 255;

const Lease = z.object({
  /** Random, new each time that the folder is taken. */
  id: z.string(),
  host: z.string(),
  pid: z.number(),
  since: z.string(),
  /** The boot of the kernel that the process runs on; null where the system does not tell. */
  boot: z.string().nullable(),
  /** Whether the kernel's lock is held, too. */
  hasKernelLock: z.boolean(),
  /** Inode of the file that the kernel's lock is on: that file may have been removed and created again. */
  inode: z.string(),
  /** Grows while the process lives. */
  beats: z.number(),
  isReleased: z.boolean(),
});
export type Lease = z.infer<typeof Lease>;

/** This process, as other processes and hosts see it. */
export interface Identity {
  readonly host: string;
  readonly pid: number;
  readonly boot: string | null;
}

export function ownIdentity(): Identity {
  return { host: hostname().slice(0, MAX_HOST_CHARACTERS), pid: process.pid, boot: bootId() };
}

/** @param now in ms since 1970 */
export function newLease(
  identity: Identity,
  { hasKernelLock, inode }: Pick<Lease, 'hasKernelLock' | 'inode'>,
  now: number,
): Lease {
  const since = new Date(now).toISOString();
  return { id: randomUUID(), ...identity, since, hasKernelLock, inode, beats: 0, isReleased: false };
}

/** Reads a lease from its file; undefined where there is none, or where a power failure has torn it. */
export async function readLease(file: string): Promise<Lease | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  try {
    return Lease.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export async function writeLease(file: string, lease: Lease): Promise<void> {
  const text = `${JSON.stringify(lease).padEnd(RECORD_BYTES - 1)}\n`;
  // Without `w`, which would truncate the file first; flushed, so that other hosts of a network file system
  // see it.
  await writeFile(file, text, { flag: 'r+', flush: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' || lease.beats > 0) throw error;
    return writeFile(file, text, { flag: 'w', mode: PRIVATE_FILE_MODE, flush: true });
  });
}

/** Linux's id of this boot of the kernel: the same in all containers of a host, different on each host. */
function bootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
}

/**
 * A lock that the kernel keeps with an open file and releases when the process ends for any reason. It works
 * between all processes of one host, across containers and pid namespaces. `unavailable` where the kernel, the
 * file system or the platform offers no such lock.
 */
export type KernelLock = 'held' | 'refused' | 'unavailable';

/**
 * The part of `fs-native-extensions` that is used: `fcntl` on Linux, `flock` on macOS, `LockFileEx` on
 * Windows.
 */
interface FileLocks {
  tryLock(fd: number): boolean;
}

const HELD_BY_ANOTHER = ['EAGAIN', 'EACCES', 'EBUSY'];

/**
 * Takes the lock of a file without waiting. Closing the file releases it.
 *
 * @param fd a file that is open for writing
 */
export async function tryKernelLock(fd: number): Promise<KernelLock> {
  try {
    const locks = (await import('fs-native-extensions' as string)) as { default: FileLocks };
    return locks.default.tryLock(fd) ? 'held' : 'refused';
  } catch (error) {
    // No binary for this platform, such as Alpine's; or a network file system without a lock service.
    return HELD_BY_ANOTHER.includes((error as NodeJS.ErrnoException).code ?? '') ? 'refused' : 'unavailable';
  }
}
