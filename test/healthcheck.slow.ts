import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freePort, temporaryFolder } from './helpers/programs.ts';

describe('the health check of the image', () => {
  let folder: string;
  let remove: () => Promise<void>;
  before(async () => {
    ({ folder, remove } = await temporaryFolder());
  });
  after(() => remove());

  /** Runs the check beside a process of this command, as a container would. */
  async function check(
    command: readonly string[],
    environment: Record<string, string> = {},
  ): Promise<{ code: number; said: string }> {
    const file = join(folder, 'cmdline');
    await writeFile(file, `${command.join('\0')}\0`);
    const args = ['--import', 'tsx', 'src/healthcheck.ts', file];
    const child = spawn(process.execPath, args, { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
    });
    const [code] = await once(child, 'close');
    return { code, said };
  }

  const run = (role: string) => ['/sbin/docker-init', '--', 'node', 'bin/scifi.js', role];

  it('requests the page of a process that has one', async () => {
    const port = await freePort();
    const env = { SCIFI_PORT: String(port), SCIFI_HOST: '0.0.0.0' };
    const away = await check(run('start'), env);
    assert.equal(away.code, 1);
    assert.match(away.said, /cannot be reached/);
    let status = 200;
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url);
      response.writeHead(status).end();
    }).listen(port, '127.0.0.1');
    try {
      for (const role of ['start', 'bots'])
        assert.deepEqual(await check(run(role), env), { code: 0, said: '' });
      status = 503;
      assert.equal((await check(run('bots'), env)).code, 1);
      assert.deepEqual(asked, ['/healthz', '/healthz', '/healthz']);
    } finally {
      server.close();
    }
  });

  it('checks the heartbeat of a worker', async () => {
    const file = join(folder, 'heartbeat');
    const env = { SCIFI_HEARTBEAT: file };
    assert.match((await check(run('worker'), env)).said, /no heartbeat yet/);
    await writeFile(file, '');
    assert.equal((await check(run('worker'), env)).code, 0);
    const aMinuteAgo = Date.now() / 1_000 - 60;
    await utimes(file, aMinuteAgo, aMinuteAgo);
    const { code, said } = await check(run('worker'), env);
    assert.equal(code, 1);
    assert.match(said, /last heartbeat was 6\d s ago/);
  });

  it('finds the role of a process that runs the sources', async () => {
    const command = ['node', '--import', 'tsx', 'src/cli.ts', 'worker'];
    assert.match((await check(command, { SCIFI_HEARTBEAT: join(folder, 'none') })).said, /no heartbeat yet/);
  });

  it('accepts other commands', async () => {
    for (const command of [run('doctor'), ['sh'], ['node', 'bin/scifi.js']]) {
      assert.equal((await check(command)).code, 0, command.join(' '));
    }
  });
});
