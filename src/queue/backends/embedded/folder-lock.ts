/**
 * An exclusive lock on a data folder. PGlite silently opens a folder that another process has open, and the
 * two then overwrite each other's pages; this lock prevents that. It has two parts:
 *
 * 1. The kernel's lock on `process.lock`, for all processes of one host. It ends with the process that holds
 *    it.
 * 2. A lease in `process.json`, for file systems that several hosts share and for platforms without part 1.
 *    Its holder renews it every 5 s. Another process waits until the lease has not changed for 15 s by its
 *    own clock, then writes its own lease, and has the folder if that lease is still there 2 s later
 *    (Fischer's algorithm: of several that come at once, the last writer wins). A holder that finds another
 *    lease than its own ends its queue.
 *
 * Neither part needs hard links or synchronised clocks. If the last holder was a process of the same boot
 * that held the kernel's lock, the free lock is proof enough, and part 2 is not waited for.
 */
import { existsSync, readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoryError } from '../../../errors.ts';
import {
  type Holder,
  type Identity,
  type KernelLock,
  type Lease,
  newLease,
  ownIdentity,
  readLease,
  tryKernelLock,
  writeLease,
} from './lease.ts';
import { PRIVATE_FILE_MODE } from './private-files.ts';

const LOCK_FILE = 'process.lock';
const LEASE_FILE = 'process.json';
/** All file names that this lock uses in the folder. */
export const LOCK_FILES: readonly string[] = [LOCK_FILE, LEASE_FILE];

const BEAT_MS = 5_000;
const LEASE_MS = 15_000;
/** Interval of the checks of a lease whose process may be dead. */
const LOOK_MS = 1_000;
/** Longer than a process takes from its last read of the lease to writing its own. */
const SETTLE_MS = 2_000;
/** Where the lease is missing, its holder may live: waits until that holder has noticed. */
const MISSING_SETTLE_MS = BEAT_MS + 1_000;
/** Attempts to take the kernel's lock: its holder may be closing, or only inspecting the folder. */
const KERNEL_ATTEMPTS = 10;
const KERNEL_PAUSE_MS = 100;

export interface FolderLock {
  /** Resolves when another process has taken the folder, or its lock was removed. */
  readonly lost: Promise<StoryError>;
  /** Renews the lease. Called by a timer every 5 s. */
  renew(): Promise<void>;
  release(): Promise<void>;
}

export interface FolderLockOptions {
  /** Called once when an earlier holder has to be watched for 15 s. */
  readonly onWait?: (holder: Holder) => void;
  readonly identity?: Identity;
  readonly kernelLock?: (fd: number) => Promise<KernelLock>;
  /** Waits, in ms. */
  readonly wait?: (ms: number) => Promise<unknown>;
  /** Wall clock, in ms since 1970. */
  readonly now?: () => number;
}

/**
 * Takes the lock on an existing folder.
 *
 * @throws StoryError `configuration` when another process holds it, saying which one, or when no lock can be
 *   written
 */
export async function lockFolder(folder: string, options: FolderLockOptions = {}): Promise<FolderLock> {
  const { identity = ownIdentity(), wait = sleep, now = Date.now } = options;
  return explained(folder, async () => {
    const leaseFile = join(resolve(folder), LEASE_FILE);
    const file = await open(join(resolve(folder), LOCK_FILE), 'a+', PRIVATE_FILE_MODE);
    try {
      const look = await lookAt(folder, file, options);
      if (look.holder) throw taken(folder, look.holder === 'unknown' ? undefined : look.holder);
      await file.truncate();
      const lease = newLease(identity, look, now());
      await writeLease(leaseFile, lease);
      if (look.settleMs > 0) {
        await wait(look.settleMs);
        const winner = await readLease(leaseFile);
        if (winner?.id !== lease.id) throw taken(folder, winner);
      }
      return hold(folder, file, leaseFile, lease);
    } catch (error) {
      await file.close();
      throw error;
    }
  });
}

/**
 * Finds the process that holds a folder, without taking the lock. Takes up to 15 s after a crash on a network
 * file system, otherwise a second at most.
 *
 * @returns undefined where no process does, `unknown` for one that has not written its lease yet
 * @throws StoryError `configuration` when the lock cannot be read
 */
export async function findHolder(
  folder: string,
  options: FolderLockOptions = {},
): Promise<Holder | 'unknown' | undefined> {
  return explained(folder, async () => {
    const file = await open(join(resolve(folder), LOCK_FILE), 'r+').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    try {
      // The kernel's lock is released while watching, so that a process that starts meanwhile can take it.
      return file && (await lookAt(folder, file, options, () => file.close())).holder;
    } finally {
      await file?.close();
    }
  });
}

interface Look {
  readonly holder: Holder | 'unknown' | undefined;
  readonly hasKernelLock: boolean;
  readonly inode: string;
  /** How long a lease has to stay unchanged before its process certainly holds the folder, in ms. */
  readonly settleMs: number;
}

/** @param beforeWatching called before an earlier holder is watched for 15 s */
async function lookAt(
  folder: string,
  file: FileHandle,
  options: FolderLockOptions,
  beforeWatching: () => Promise<void> = async () => {},
): Promise<Look> {
  const { identity = ownIdentity(), wait = sleep, onWait } = options;
  const leaseFile = join(resolve(folder), LEASE_FILE);
  const lock = await askKernel(file, options);
  const inode = (await file.stat({ bigint: true })).ino.toString();
  const lease = await readLease(leaseFile);
  const answer = (holder: Look['holder'], settleMs = 0): Look => ({
    holder,
    hasKernelLock: lock === 'held',
    inode,
    settleMs,
  });
  if (lock === 'refused') return answer(lease && !lease.isReleased ? lease : 'unknown');
  const holder = await earlierVersion(file);
  if (holder) return answer(holder);
  if (!lease) {
    const hasData = existsSync(join(folder, 'postgres'));
    return answer(undefined, lock === 'held' && !hasData ? 0 : MISSING_SETTLE_MS);
  }
  const isOfThisBoot = identity.boot !== null && lease.boot === identity.boot;
  const isSameLock = lease.isReleased || lease.inode === inode;
  if (lock === 'held' && lease.hasKernelLock && isOfThisBoot && isSameLock) return answer(undefined);
  if (!lease.isReleased) {
    onWait?.(lease);
    await beforeWatching();
    const alive = await watch(leaseFile, lease, wait);
    if (alive) return answer(alive);
  }
  return answer(undefined, SETTLE_MS);
}

/** Asks for the kernel's lock, retrying for up to a second. */
async function askKernel(
  file: FileHandle,
  { kernelLock = tryKernelLock, wait = sleep }: FolderLockOptions,
): Promise<KernelLock> {
  let lock = await kernelLock(file.fd);
  for (let attempt = 1; lock === 'refused' && attempt < KERNEL_ATTEMPTS; attempt++) {
    await wait(KERNEL_PAUSE_MS);
    lock = await kernelLock(file.fd);
  }
  return lock;
}

/** Watches a lease for as long as its holder may take to renew it; returns the holder if it is alive. */
async function watch(
  file: string,
  before: Lease,
  wait: (ms: number) => Promise<unknown>,
): Promise<Lease | undefined> {
  for (let waitedMs = 0; waitedMs < LEASE_MS; waitedMs += LOOK_MS) {
    await wait(LOOK_MS);
    const lease = await readLease(file);
    if (lease?.isReleased) return undefined;
    if (lease && (lease.id !== before.id || lease.beats !== before.beats)) return lease;
  }
  return undefined;
}

function hold(folder: string, file: FileHandle, leaseFile: string, taken: Lease): FolderLock {
  let lease = taken;
  let renewedAt = performance.now();
  let released: Promise<void> | undefined;
  let renewing = Promise.resolve();
  let isLost = false;
  let lose: (error: StoryError) => void = () => {};
  const lost = new Promise<StoryError>((resolve) => {
    lose = resolve;
  });
  const giveUp = (reason: string) => {
    isLost = true;
    clearInterval(timer);
    const advice = 'This process has ended its queue so that it destroys nothing.';
    lose(new StoryError('queue_unavailable', `The embedded queue's data in ${folder} ${reason}. ${advice}`));
  };
  const renew = async () => {
    if (released || isLost) return;
    try {
      const found = await readLease(leaseFile);
      if (released || isLost) return;
      if (found?.id !== lease.id) {
        giveUp(
          found ? `was taken by ${describe(found)}` : 'is not locked any more: its process.json is gone',
        );
        return;
      }
      lease = { ...lease, beats: lease.beats + 1 };
      await writeLease(leaseFile, lease);
      renewedAt = performance.now();
    } catch (error) {
      // With the kernel's lock no process of this host can take the folder; another host could, once the
      // lease has expired.
      if (lease.hasKernelLock || performance.now() - renewedAt < LEASE_MS) return;
      giveUp(`could not be kept locked (${(error as Error).message})`);
    }
  };
  const queueRenewal = () => {
    renewing = renewing.then(renew);
    return renewing;
  };
  const timer = setInterval(queueRenewal, BEAT_MS).unref();
  return {
    lost,
    renew: queueRenewal,
    release: () => {
      released ??= (async () => {
        clearInterval(timer);
        await renewing;
        // A lease that cannot be given back expires.
        if (!isLost) await writeLease(leaseFile, { ...lease, isReleased: true }).catch(() => {});
        await file.close();
      })();
      return released;
    },
  };
}

/** Converts errors of the file system into sentences. */
async function explained<T>(folder: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof StoryError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new StoryError(
      'configuration',
      code === 'ENOSPC'
        ? `The disk that holds ${folder} is full. Free some space and start again.`
        : `${folder} cannot be locked (${code ?? message}). Set SCIFI_DATA to a folder in which this user can write files.`,
      { cause: error },
    );
  }
}

function describe({ host, pid, since }: Holder): string {
  return `process ${pid} on ${host} since ${since}`;
}

function taken(folder: string, holder: Holder | undefined): StoryError {
  return new StoryError(
    'configuration',
    `The embedded queue's data in ${folder} is in use by ${holder ? describe(holder) : 'another process'}. ` +
      'Stop that one first, choose another SCIFI_DATA folder, or set REDIS_URL to share a queue.',
  );
}

/**
 * The holding process, if it is of an earlier version: that wrote its pid and start time into the lock file.
 */
async function earlierVersion(file: FileHandle): Promise<Holder | undefined> {
  const { buffer, bytesRead } = await file.read({ position: 0 });
  try {
    const { pid, started } = JSON.parse(buffer.toString('utf8', 0, bytesRead)) as Record<string, unknown>;
    if (typeof pid !== 'number' || pid === process.pid) return undefined;
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Field 22, counted after the name in parentheses.
    const isSame = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] === started;
    return isSame ? { pid, host: ownIdentity().host, since: 'before an update' } : undefined;
  } catch {
    return undefined;
  }
}
