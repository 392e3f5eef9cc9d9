/**
 * A story that brings down whoever writes it: given up after three writers, and the person is told.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ask, followReply } from '../helpers/page-client.ts';
import { startRole } from '../helpers/processes.ts';
import { freePort, skipWithout, startRedis } from '../helpers/programs.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TIMEOUT_MS = 90_000;

it('a poisonous story costs three writers and no more', { skip: skipWithout('redis-server') }, async () => {
  const redis = await startRedis();
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const env = { REDIS_URL: redis.url, SCIFI_PORT: String(port) };
  const bots = await startRole('bots', env);
  let over = false;
  let lost = 0;
  // A supervisor, as systemd or Docker would be: a worker that died is started again.
  const supervise = async () => {
    while (!over) {
      const child = spawn(process.execPath, ['--import', 'tsx', 'test/helpers/poisoned-worker.ts'], {
        cwd: ROOT,
        env: { ...process.env, ...env },
        stdio: 'ignore',
      });
      const ended = new Promise<NodeJS.Signals | null>((resolve) =>
        child.once('exit', (_, signal) => resolve(signal)),
      );
      const waiting = setInterval(() => over && child.kill('SIGTERM'), 50);
      if ((await ended) === 'SIGKILL') lost++;
      clearInterval(waiting);
    }
  };
  const supervising = supervise();
  try {
    const id = await ask(base, { prompt: 'It all began with', seed: 1 });
    const end = await followReply(base, id, TIMEOUT_MS);
    assert.equal(end.status, 'failed', JSON.stringify(end));
    assert.equal(end.status === 'failed' && end.error.code, 'no_progress');
    assert.match(end.status === 'failed' ? end.error.message : '', /given up\. Please try another opening/);
    assert.equal(end.status === 'failed' && end.text, 'It all began with');
    assert.equal(lost, 3);
  } finally {
    over = true;
    await supervising;
    await bots.kill();
    await redis.stop();
  }
});
