import assert from 'node:assert/strict';
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  type FolderLockOptions,
  findHolder,
  lockFolder,
} from '../../src/queue/backends/embedded/folder-lock.ts';
import { temporaryFolder } from '../helpers/programs.ts';

const MODULE = fileURLToPath(new URL('../../src/queue/backends/embedded/folder-lock.ts', import.meta.url));
const CONTENDER = fileURLToPath(new URL('../helpers/lock-contender.ts', import.meta.url));
const WITHOUT_LINKS = new URL('../helpers/preload/without-hard-links.ts', import.meta.url).href;
const ROUNDS = 8;
const UNSHARE = ['unshare', '--pid', '--fork', '--kill-child'];
const canUnshare = spawnSync(UNSHARE[0]!, [...UNSHARE.slice(1), 'true']).status === 0;

async function folderFor(t: TestContext): Promise<string> {
  const { folder, remove } = await temporaryFolder();
  t.after(remove);
  return folder;
}

interface Attempt {
  /** `held`, or the reason why not. */
  readonly said: string;
  /** The process's pid in its own namespace. */
  readonly pid: number;
  kill(): Promise<void>;
}

/** Another process that takes the lock and holds it until it is killed. */
async function attempt(
  folder: string,
  t: TestContext,
  { wrapper = [] as string[], imports = [] as string[] } = {},
): Promise<Attempt> {
  const code = `import(${JSON.stringify(MODULE)}).then(({ lockFolder }) => lockFolder(${JSON.stringify(folder)}))
    .then(() => 'held', (error) => error.message)
    .then((said) => console.log(JSON.stringify({ said, pid: process.pid })));
    setInterval(() => {}, 1000);`;
  const loaders = ['tsx', ...imports].flatMap((one) => ['--import', one]);
  const [program, ...args] = [...wrapper, process.execPath, ...loaders, '--eval', code];
  const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = () => killed(child);
  t.after(kill);
  const [line] = await once(child.stdout, 'data');
  return { ...(JSON.parse(String(line)) as { said: string; pid: number }), kill };
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

describe('lockFolder', { timeout: 240_000 }, () => {
  it('admits one process, names it to the next, and is released by a kill', async (t) => {
    const folder = await folderFor(t);
    const other = await attempt(folder, t);
    assert.equal(other.said, 'held');
    const since = String.raw`\d{4}-\d\d-\d\dT[\d:.]+Z`;
    await assert.rejects(lockFolder(folder), {
      code: 'configuration',
      message: new RegExp(`in use by process ${other.pid} on ${hostname()} since ${since}\\. Stop that one`),
    });
    assert.deepEqual(await findHolder(folder).then((found) => (found as { pid: number }).pid), other.pid);
    await other.kill();
    assert.equal(await findHolder(folder), undefined);
    const lock = await lockFolder(folder);
    await lock.release();
    await lock.release();
    assert.equal(await findHolder(folder), undefined);
  });

  const skip = canUnshare ? false : 'unshare is not allowed here';
  it('holds between pid namespaces, where two processes have the same pid', { skip }, async (t) => {
    const folder = await folderFor(t);
    const first = await attempt(folder, t, { wrapper: UNSHARE });
    const second = await attempt(folder, t, { wrapper: UNSHARE });
    assert.deepEqual([first.said, first.pid, second.pid], ['held', 1, 1]);
    assert.match(second.said, new RegExp(`in use by process 1 on ${hostname()} since `));
    await first.kill();
    const third = await attempt(folder, t, { wrapper: UNSHARE });
    assert.equal(third.said, 'held');
  });

  it('needs no hard links', async (t) => {
    const folder = await folderFor(t);
    const first = await attempt(folder, t, { imports: [WITHOUT_LINKS] });
    const second = await attempt(folder, t, { imports: [WITHOUT_LINKS] });
    assert.equal(first.said, 'held');
    assert.match(second.said, new RegExp(`process ${first.pid} `));
  });

  it('refuses a second caller within one process', async (t) => {
    const folder = await folderFor(t);
    const lock = await lockFolder(folder);
    await assert.rejects(lockFolder(folder), { code: 'configuration' });
    await lock.release();
    await (await lockFolder(folder)).release();
  });

  it('admits exactly one of many', async (t) => {
    const folder = await folderFor(t);
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(folder)));
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const result of results) if (result.status === 'fulfilled') await result.value.release();
  });

  it('lets exactly one of several processes take over from one that was killed', async (t) => {
    const folder = await folderFor(t);
    await (await attempt(folder, t)).kill();
    const left = await readFile(join(folder, 'process.json'), 'utf8');
    const contenders = Array.from({ length: 4 }, () => fork(CONTENDER, { execArgv: ['--import', 'tsx'] }));
    t.after(() => Promise.all(contenders.map(killed)));
    const answers = () =>
      Promise.all(contenders.map(async (contender) => String((await once(contender, 'message'))[0])));
    await answers();
    for (let round = 0; round < ROUNDS; round++) {
      await writeFile(join(folder, 'process.json'), left);
      const taken = answers();
      for (const contender of contenders) contender.send({ take: folder });
      const expected = [...Array(3).fill('configuration'), 'held'];
      assert.deepEqual((await taken).toSorted(), expected, `round ${round}`);
      const released = answers();
      for (const contender of contenders) contender.send({});
      await released;
    }
    assert.deepEqual((await readdir(folder)).toSorted(), ['process.json', 'process.lock']);
  });

  it('respects a live process of an earlier version, and ignores a dead one', async (t) => {
    const folder = await folderFor(t);
    const stat = await readFile(`/proc/${process.ppid}/stat`, 'utf8').catch(() => undefined);
    if (stat === undefined) return t.skip('no /proc here');
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    const file = join(folder, 'process.lock');
    await writeFile(file, JSON.stringify({ pid: process.ppid, started }));
    await assert.rejects(lockFolder(folder), { message: new RegExp(`process ${process.ppid} on `) });
    for (const dead of [{ pid: process.ppid, started: '1' }, { pid: 4_194_305, started: '1' }, { pid: 1 }]) {
      await writeFile(file, JSON.stringify(dead));
      await (await lockFolder(folder)).release();
    }
  });

  it('explains why a folder cannot be locked', async (t) => {
    const folder = await folderFor(t);
    await mkdir(join(folder, 'process.lock'));
    await assert.rejects(lockFolder(folder), {
      code: 'configuration',
      message:
        /cannot be locked \(EISDIR\)\. Set SCIFI_DATA to a folder in which this user can write files\.$/,
    });
    await assert.rejects(lockFolder(join(folder, 'none')), { code: 'configuration', message: /ENOENT/ });
  });
});

describe('lockFolder between hosts, without a kernel lock', () => {
  /** A host; its clock advances whenever it waits. */
  const host = (
    name: string,
    wait: (ms: number) => Promise<unknown> = async () => {},
  ): FolderLockOptions => ({
    identity: { host: name, pid: 7, boot: name },
    kernelLock: async () => 'unavailable',
    wait,
    now: () => Date.UTC(2030, 0, 1),
  });

  it('refuses a folder whose holder renews its lease, and names the holder', async (t) => {
    const folder = await folderFor(t);
    const lock = await lockFolder(folder, host('alpha'));
    const waits: number[] = [];
    const watching = host('beta', async (ms) => {
      waits.push(ms);
      // Every fifth second, like the timer of the other host.
      if (waits.length % 5 === 0) await lock.renew();
    });
    const said: unknown[] = [];
    await assert.rejects(lockFolder(folder, { ...watching, onWait: (holder) => said.push(holder.host) }), {
      message: /in use by process 7 on alpha since 2030-01-01T00:00:00\.000Z\./,
    });
    assert.deepEqual(said, ['alpha']);
    assert.equal(
      (await findHolder(folder, watching).then((found) => found as { host: string })).host,
      'alpha',
    );
    await lock.release();
    assert.equal(await findHolder(folder, watching), undefined);
  });

  it('takes a folder whose lease has not changed for 15 s, and its late holder gives up', async (t) => {
    const folder = await folderFor(t);
    const paused = await lockFolder(folder, host('alpha'));
    let waitedMs = 0;
    const counting = host('beta', async (ms) => {
      waitedMs += ms;
    });
    const lock = await lockFolder(folder, counting);
    assert.ok(waitedMs >= 15_000 + 2_000, `${waitedMs} ms`);
    await paused.renew();
    const lost = await paused.lost;
    assert.equal(lost.code, 'queue_unavailable');
    assert.match(lost.message, /was taken by process 7 on beta since /);
    // The late holder's release does not touch the new lease.
    await paused.release();
    await assert.rejects(
      lockFolder(
        folder,
        host('gamma', () => lock.renew()),
      ),
      /process 7 on beta/,
    );
    await lock.release();
  });

  it('admits exactly one of several that start at once', async (t) => {
    const folder = await folderFor(t);
    // The clock advances when all have written their lease.
    const names = ['alpha', 'beta', 'gamma'];
    let waiting = 0;
    let pass = () => {};
    const passed = new Promise<void>((resolve) => {
      pass = resolve;
    });
    const wait = () => {
      if (++waiting === names.length) pass();
      return passed;
    };
    const results = await Promise.allSettled(names.map((name) => lockFolder(folder, host(name, wait))));
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const result of results) if (result.status === 'fulfilled') await result.value.release();
  });

  it('takes a released lease at once, and one that a power cut has torn', async (t) => {
    const folder = await folderFor(t);
    await (await lockFolder(folder, host('alpha'))).release();
    let waitedMs = 0;
    const counting = host('beta', async (ms) => {
      waitedMs += ms;
    });
    await (await lockFolder(folder, counting)).release();
    assert.ok(waitedMs < 15_000, `${waitedMs} ms`);
    await writeFile(join(folder, 'process.json'), '{"pid": 12');
    await (await lockFolder(folder, counting)).release();
  });

  it('closes the queue of a process whose lease was removed', async (t) => {
    const folder = await folderFor(t);
    const lock = await lockFolder(folder, host('alpha'));
    await rm(join(folder, 'process.json'));
    await lock.renew();
    assert.match((await lock.lost).message, /is not locked any more/);
    await lock.release();
    assert.ok(!existsSync(join(folder, 'process.json')));
  });

  it('checks a process of the same host whose lock file was removed', async (t) => {
    const folder = await folderFor(t);
    const lock = await lockFolder(folder);
    await rm(join(folder, 'process.lock'));
    await assert.rejects(lockFolder(folder, { wait: () => lock.renew() }), { code: 'configuration' });
    await lock.release();
  });
});
