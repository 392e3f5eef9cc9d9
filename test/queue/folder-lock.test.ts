import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { lockFolder } from '../../src/queue/embedded/folder-lock.ts';
import { temporaryFolder } from '../helpers/programs.ts';

const MODULE = fileURLToPath(new URL('../../src/queue/embedded/folder-lock.ts', import.meta.url));

async function folderFor(t: TestContext): Promise<string> {
  const { folder, remove } = await temporaryFolder();
  t.after(remove);
  return folder;
}

/** Another process that holds the lock until it is killed. */
async function holder(folder: string): Promise<{ pid: number; kill(): Promise<void> }> {
  const code = `import(${JSON.stringify(MODULE)}).then(({ lockFolder }) => lockFolder(${JSON.stringify(folder)}))
    .then(() => console.log('held'), (error) => console.log(error.message)); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = await new Promise<string>((resolve) =>
    child.stdout.once('data', (chunk) => resolve(String(chunk))),
  );
  assert.equal(said, 'held\n');
  return {
    pid: child.pid!,
    kill: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGKILL');
      }),
  };
}

describe('lockFolder', { timeout: 60_000 }, () => {
  it('lets one process in, names it to the next, and outlives no kill', async (t) => {
    const folder = await folderFor(t);
    const other = await holder(folder);
    try {
      await assert.rejects(lockFolder(folder), {
        code: 'configuration',
        message: new RegExp(`process ${other.pid}\\.`),
      });
    } finally {
      await other.kill();
    }
    const lock = await lockFolder(folder);
    await lock.release();
    await lock.release();
    assert.ok(!existsSync(join(folder, 'process.lock')));
  });

  it('lets nobody in twice within one process', async (t) => {
    const folder = await folderFor(t);
    const lock = await lockFolder(folder);
    await assert.rejects(lockFolder(folder), { code: 'configuration' });
    await lock.release();
    await (await lockFolder(folder)).release();
  });

  it('lets exactly one of many in', async (t) => {
    const folder = await folderFor(t);
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(folder)));
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const result of results) if (result.status === 'fulfilled') await result.value.release();
  });

  it('is not taken in by another process that has the pid of the dead one', async (t) => {
    const folder = await folderFor(t);
    // A process that is certainly alive, but did not start when the lock says.
    await writeFile(join(folder, 'process.lock'), JSON.stringify({ pid: process.ppid, started: '1' }));
    await (await lockFolder(folder)).release();
  });

  it('takes over a lock that a power cut has torn', async (t) => {
    const folder = await folderFor(t);
    await writeFile(join(folder, 'process.lock'), '{"pid": 12');
    await (await lockFolder(folder)).release();
  });
});
