import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { availableProcessors, processorQuota } from '../src/processors.ts';
import { skipWithout } from './helpers/programs.ts';

/** The quota of a machine with these files. */
function quotaOf(files: Readonly<Record<string, string>>): number {
  const root = mkdtempSync(join(tmpdir(), 'processors-'));
  try {
    for (const [file, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), content);
    }
    return processorQuota(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

const SECOND = '0::/\n';
const FIRST = '11:memory:/docker/3f\n4:cpu,cpuacct:/docker/3f\n3:cpuset:/docker/3f\n0::/docker/3f\n';

describe('the quota of a container', () => {
  it('is read from control groups of version 2', () => {
    assert.equal(quotaOf({ 'proc/self/cgroup': SECOND, 'sys/fs/cgroup/cpu.max': '150000 100000\n' }), 1.5);
    assert.equal(quotaOf({ 'proc/self/cgroup': SECOND, 'sys/fs/cgroup/cpu.max': 'max 100000\n' }), Infinity);
  });

  it('is the least of a group and the groups above it', () => {
    const group = 'sys/fs/cgroup/kubepods.slice/kubepods-pod1.slice';
    const files = {
      'proc/self/cgroup': '0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-77.scope\n',
      [`${group}/cri-containerd-77.scope/cpu.max`]: '400000 100000\n',
      [`${group}/cpu.max`]: '200000 100000\n',
      'sys/fs/cgroup/kubepods.slice/cpu.max': 'max 100000\n',
    };
    assert.equal(quotaOf(files), 2);
  });

  it('is read from control groups of version 1, also where only the container is mounted', () => {
    for (const folder of ['cpu,cpuacct/docker/3f', 'cpu/docker/3f', 'cpu,cpuacct', 'cpu']) {
      const quota = (us: number) =>
        quotaOf({
          'proc/self/cgroup': FIRST,
          [`sys/fs/cgroup/${folder}/cpu.cfs_quota_us`]: `${us}\n`,
          [`sys/fs/cgroup/${folder}/cpu.cfs_period_us`]: '50000\n',
        });
      assert.equal(quota(150_000), 3, folder);
      assert.equal(quota(-1), Infinity, folder);
    }
  });

  it('is none without control groups, and where files have other contents', () => {
    assert.equal(quotaOf({}), Infinity);
    assert.equal(quotaOf({ 'proc/self/cgroup': '' }), Infinity);
    for (const content of ['', 'max', '100000', 'a b', '0 100000', '100000 0', '-1 -1']) {
      assert.equal(quotaOf({ 'proc/self/cgroup': SECOND, 'sys/fs/cgroup/cpu.max': content }), Infinity);
    }
  });
});

describe('the number of processors', () => {
  it('is at least one, and at most that of the machine', () => {
    assert.ok(availableProcessors() >= 1 && availableProcessors() <= availableParallelism());
    assert.equal(availableProcessors('/nowhere'), availableParallelism());
  });

  it('is one for a process bound to one', { skip: skipWithout('taskset') }, () => {
    const script = "import('./src/processors.ts').then((all) => console.log(all.availableProcessors()))";
    const command = ['-c', '0', process.execPath, '--import', 'tsx', '-e', script];
    assert.equal(execFileSync('taskset', command, { encoding: 'utf8' }).trim(), '1');
  });
});
