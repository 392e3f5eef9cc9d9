/** Bots and workers as separate processes over a cluster of three masters. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ask, followReply } from '../helpers/page-client.ts';
import { type RoleProcess, startRole } from '../helpers/processes.ts';
import { freePort, REDIS_SERVER, skipWithout } from '../helpers/programs.ts';
import { startCluster } from '../helpers/redis-kinds.ts';

const STORY_TIMEOUT_MS = 180_000;

describe('the roles on a cluster', { skip: skipWithout(REDIS_SERVER), timeout: 240_000 }, () => {
  it('write whole stories, exit cleanly, and need only REDIS_URL to find the cluster', async () => {
    const cluster = await startCluster();
    const [port, operatorPort] = [await freePort(), await freePort()];
    const env = { REDIS_URL: cluster.url, SCIFI_PACE: '0' };
    const running: RoleProcess[] = [];
    try {
      running.push(
        ...(await Promise.all([
          startRole('worker', env),
          startRole('bots', { ...env, SCIFI_PORT: String(port), SCIFI_OPERATOR_PORT: String(operatorPort) }),
        ])),
      );
      const base = `http://127.0.0.1:${port}`;
      const tell = async (seed: number) => {
        const id = await ask(base, { prompt: 'It all began with', length: 600, seed });
        const end = await followReply(base, id, STORY_TIMEOUT_MS);
        assert.ok(end.status === 'finished' && end.ending === 'complete', JSON.stringify(end));
        return end.text;
      };
      const seeds = [1, 2, 3, 4];
      const [first, again] = await Promise.all([Promise.all(seeds.map(tell)), Promise.all(seeds.map(tell))]);
      assert.deepEqual(first, again);
      assert.equal(new Set(first).size, seeds.length);
      for (const path of ['readyz', 'healthz']) {
        assert.equal((await fetch(`http://127.0.0.1:${operatorPort}/${path}`)).status, 200, path);
      }
      assert.deepEqual(await Promise.all(running.map((process) => process.stop())), [0, 0]);
    } finally {
      await Promise.all(running.map((process) => process.kill()));
      await cluster.stop();
    }
  });
});
