import assert from 'node:assert/strict';
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { lockFolder } from '../../src/queue/embedded/folder-lock.ts';
import { temporaryFolder } from '../helpers/programs.ts';

const MODULE = fileURLToPath(new URL('../../src/queue/embedded/folder-lock.ts', import.meta.url));
const CONTENDER = fileURLToPath(new URL('../helpers/lock-contender.ts', import.meta.url));
/** Without the guard, more than half of these rounds let several in. */
const ROUNDS = 60;
/** What a killed process and a power cut leave; no process has a pid beyond Linux's largest. */
const DEAD = [JSON.stringify({ pid: 4_194_305, started: '1' }), ''];

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

  it('lets exactly one of several processes take over from a dead one', async (t) => {
    const folder = await folderFor(t);
    const contenders = Array.from({ length: 4 }, () => fork(CONTENDER, { execArgv: ['--import', 'tsx'] }));
    try {
      const answers = () =>
        Promise.all(contenders.map(async (contender) => String((await once(contender, 'message'))[0])));
      await answers();
      for (let round = 0; round < ROUNDS; round++) {
        await writeFile(join(folder, 'process.lock'), DEAD[round % DEAD.length]!);
        const taken = answers();
        for (const contender of contenders) contender.send({ take: folder });
        assert.deepEqual(
          (await taken).toSorted(),
          [...Array(3).fill('configuration'), 'held'],
          `round ${round}`,
        );
        const released = answers();
        for (const contender of contenders) contender.send({});
        await released;
        assert.deepEqual(await readdir(folder), [], 'nothing is left behind');
      }
    } finally {
      for (const contender of contenders) contender.kill();
    }
  });

  it('takes over from one that died in the middle of a takeover', async (t) => {
    const folder = await folderFor(t);
    await writeFile(join(folder, 'process.lock'), DEAD[0]!);
    await writeFile(join(folder, 'process.lock.takeover'), DEAD[0]!);
    const lock = await lockFolder(folder);
    assert.deepEqual(await readdir(folder), ['process.lock']);
    await lock.release();
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
