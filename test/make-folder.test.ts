import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { makeFolder } from '../src/make-folder.ts';

describe('makeFolder', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scifi-'));
  });
  after(() => rm(folder, { recursive: true }));

  test('creates a folder and those above it, and accepts one that exists', async () => {
    const wanted = join(folder, 'a/b/c');
    await makeFolder(wanted, 0o700);
    await makeFolder(wanted);
    assert.equal((await stat(wanted)).mode & 0o777, 0o700);
  });

  test('reports a file in the way', async () => {
    await writeFile(join(folder, 'file'), '');
    await assert.rejects(makeFolder(join(folder, 'file/a/b')), { code: 'ENOTDIR' });
    await assert.rejects(makeFolder(join(folder, 'file')), { code: 'EEXIST' });
  });

  test('reports a read-only file system, however deep the folder is', async (t) => {
    const readOnly = await mkdtemp(join(folder, 'read-only-'));
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'none', readOnly]).status !== 0) {
      return t.skip('this user may not mount a file system');
    }
    t.after(() => spawnSync('umount', [readOnly]));
    await assert.rejects(makeFolder(join(readOnly, 'a')), { code: 'EROFS' });
    await assert.rejects(makeFolder(join(readOnly, 'a/b/c')), { code: 'EROFS' });
  });
});
