/** Prompts and stories are private: not a word of them is in any log, at any level. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { embeddedFolder } from '../helpers/embedded-folder.ts';
import { ask, followReply } from '../helpers/page-client.ts';
import { type RoleProcess, startRole } from '../helpers/processes.ts';
import { freePort, REDIS_SERVER, skipWithout, startRedis, temporaryFolder } from '../helpers/programs.ts';

const CANARY = 'Xylophagous canary';
const STORY_TIMEOUT_MS = 180_000;

/** Sends the canary through every path that a user's words can take. */
async function sing(base: string): Promise<string[]> {
  const ids = await Promise.all([1, 2, 3].map((seed) => ask(base, { prompt: CANARY, length: 300, seed })));
  const post = (path: string, body: string) =>
    fetch(base + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const refused = [
    post('/api/replies', `{"prompt": "${CANARY}`),
    post('/api/replies', JSON.stringify({ id: CANARY, prompt: CANARY })),
    post('/api/replies', JSON.stringify({ id: randomUUID(), prompt: CANARY, temperature: CANARY })),
    post('/api/replies', JSON.stringify({ id: randomUUID(), prompt: CANARY.repeat(200), model: CANARY })),
    post('/api/replies', JSON.stringify({ id: randomUUID(), prompt: CANARY.repeat(5_000) })),
    post(`/api/replies/${encodeURIComponent(CANARY)}/stop`, ''),
    fetch(`${base}/api/replies/${encodeURIComponent(CANARY)}?prompt=${encodeURIComponent(CANARY)}`),
    fetch(`${base}/${encodeURIComponent(CANARY)}`),
  ];
  for (const response of await Promise.all(refused))
    assert.ok(response.status >= 400 && response.status < 500);
  await post(`/api/replies/${ids[0]}/stop`, '{}');
  const ends = await Promise.all(ids.map((id) => followReply(base, id, STORY_TIMEOUT_MS)));
  return ends.map((end) => ('text' in end ? end.text : ''));
}

function assertSilent(processes: readonly RoleProcess[], texts: readonly string[]): void {
  for (const process of processes) {
    const output = process.output();
    assert.match(output, /"msg":/, 'it does log');
    assert.doesNotMatch(output, /xylophagous/i);
    for (const text of texts) {
      for (let at = CANARY.length; at + 25 <= text.length; at += 25) {
        const words = text.slice(at, at + 25);
        assert.ok(!output.includes(words), `the log holds ${JSON.stringify(words)}`);
      }
    }
  }
}

describe('logs at the most verbose level', () => {
  it('contain no prompt and no story, embedded', async () => {
    const { folder, remove } = await embeddedFolder();
    const port = await freePort();
    const process = await startRole('start', {
      REDIS_URL: '',
      SCIFI_DATA: folder,
      SCIFI_PORT: String(port),
      LOG_LEVEL: 'trace',
    });
    try {
      const texts = await sing(`http://127.0.0.1:${port}`);
      await process.stop();
      assertSilent([process], texts);
    } finally {
      await process.kill();
      await remove();
    }
  });

  it('contain no prompt and no story, on Redis, even when it goes away', {
    skip: skipWithout(REDIS_SERVER),
  }, async () => {
    const redis = await startRedis();
    const port = await freePort();
    const base = `http://127.0.0.1:${port}`;
    const env = { REDIS_URL: redis.url, SCIFI_PORT: String(port), LOG_LEVEL: 'trace' };
    const worker = await startRole('worker', env);
    const bots = await startRole('bots', env);
    try {
      const texts = await sing(base);
      await ask(base, { prompt: CANARY, length: 6_000 });
      await redis.stop();
      const answer = await fetch(`${base}/api/replies`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ id: randomUUID(), prompt: CANARY }),
      });
      assert.equal(answer.status, 503);
      assert.match(await answer.text(), /cannot be reached at the moment. Try again/);
      assertSilent([worker, bots], texts);
    } finally {
      await worker.kill();
      await bots.kill();
      await redis.stop();
    }
  });
});

describe('the library that multiplies matrices', () => {
  it('keeps no usage record for its makers, and no name for this machine', async () => {
    const { folder, remove } = await temporaryFolder();
    const home = join(folder, 'home');
    const temporary = join(folder, 'tmp');
    await Promise.all([mkdir(home), mkdir(temporary)]);
    try {
      const child = spawn(
        process.execPath,
        ['--import', 'tsx', 'src/cli.ts', 'write', CANARY, '--length', '100'],
        {
          cwd: fileURLToPath(new URL('../../', import.meta.url)),
          env: { PATH: process.env.PATH, HOME: home, TMPDIR: temporary },
          stdio: 'ignore',
        },
      );
      assert.deepEqual(await once(child, 'exit'), [0, null]);
      assert.deepEqual(await readdir(home), []);
      // The TypeScript loader caches its output.
      const left = (await readdir(temporary)).filter((name) => !name.startsWith('tsx-'));
      assert.deepEqual(left, []);
    } finally {
      await remove();
    }
  });
});
