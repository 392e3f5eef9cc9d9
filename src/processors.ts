/**
 * How many processors this process may use at once: what its affinity mask and its container's quota allow.
 * Node 20 knows the mask only.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/**
 * A part of a processor does not count: a thread that computes beyond the quota is stopped for the rest of each
 * period of 100 ms.
 *
 * @param root folder in which /proc and /sys are, for tests
 * @returns 1 or more
 */
export function availableProcessors(root = '/'): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(processorQuota(root))));
}

/**
 * The quota of the process's control groups, versions 1 and 2, in processors; Infinity without one. Formats: the
 * Linux kernel's admin-guide/cgroup-v2.rst (`cpu.max`) and scheduler/sched-bwc.rst (`cpu.cfs_quota_us`).
 */
export function processorQuota(root: string): number {
  const groups = (read(join(root, 'proc/self/cgroup')) ?? '').split('\n').map((line) => line.split(':'));
  let least = Number.POSITIVE_INFINITY;
  for (const [, controllers = '', ...path] of groups) {
    const isSecond = controllers === '';
    if (!isSecond && !controllers.split(',').includes('cpu')) continue;
    const mounts = isSecond ? [''] : [controllers, 'cpu'];
    for (const mount of mounts) {
      for (const folder of withParents(path.join(':'))) {
        const group = join(root, 'sys/fs/cgroup', mount, folder);
        least = Math.min(least, isSecond ? secondQuota(group) : firstQuota(group));
      }
    }
  }
  return least;
}

/** A group's path and those above it, up to the root, which in a container is the container's own. */
function withParents(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '' && name !== '..');
  return Array.from({ length: names.length + 1 }, (_, dropped) =>
    names.slice(0, names.length - dropped).join('/'),
  );
}

/** `max 100000` or `150000 100000`: the quota and the period in microseconds. */
function secondQuota(group: string): number {
  const [quota, period] = (read(join(group, 'cpu.max')) ?? '').trim().split(' ').map(Number);
  return ratio(quota, period);
}

/** One file each; a quota of -1 is none. */
function firstQuota(group: string): number {
  const [quota, period] = ['cpu.cfs_quota_us', 'cpu.cfs_period_us'].map((name) =>
    Number(read(join(group, name)) ?? Number.NaN),
  );
  return ratio(quota, period);
}

function ratio(quota = Number.NaN, period = Number.NaN): number {
  return quota > 0 && period > 0 ? quota / period : Number.POSITIVE_INFINITY;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
