/** The file that says which process holds a data folder, and by its changes that this process lives. */
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

/** A record is always this long: it is written over in place, which a full disk does not prevent. */
const RECORD_BYTES = 1_024;
const MAX_HOST_CHARACTERS = 255;

const Lease = z.object({
  /** Random, one for each time that the folder is taken. */
  id: z.string(),
  host: z.string(),
  pid: z.number(),
  since: z.string(),
  /** Which start of which kernel the process runs on; null where the system does not tell. */
  boot: z.string().nullable(),
  /** Whether the kernel's lock is held, too. */
  hasKernelLock: z.boolean(),
  /** Inode of the file that the kernel's lock is on: that file may have been removed and made again. */
  inode: z.string(),
  /** Grows as long as the process lives. */
  beats: z.number(),
  isReleased: z.boolean(),
});
export type Lease = z.infer<typeof Lease>;

/** Which process this is, as other processes and other hosts are to see it. */
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
  kernelLock: Pick<Lease, 'hasKernelLock' | 'inode'>,
  now: number,
): Lease {
  const since = new Date(now).toISOString();
  return { id: randomUUID(), ...identity, since, ...kernelLock, beats: 0, isReleased: false };
}

/** A lease as it stands in its file; undefined where there is none, or where a power cut has torn it. */
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
  // Without `w`, which would empty the file first; flushed, so that other hosts of a network file system see it.
  await writeFile(file, text, { flag: 'r+', flush: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' || lease.beats > 0) throw error;
    return writeFile(file, text, { flag: 'w', mode: PRIVATE_FILE_MODE, flush: true });
  });
}

/** Linux' id of this start of the kernel: the same in all containers of a host, another on each host. */
function bootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
}
