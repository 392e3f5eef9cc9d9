/**
 * A polite end in the middle of things: `SIGTERM`, exit code 0, and nothing lost for those who wait.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ask, followReply } from '../helpers/page-client.ts';
import { type RoleProcess, startRole } from '../helpers/processes.ts';
import { freePort, skipWithout, startRedis, temporaryFolder } from '../helpers/programs.ts';

const STORIES = 6;
const STORY_TIMEOUT_MS = 60_000;
const STOP_LIMIT_MS = 10_000;

type Role = 'start' | 'bots' | 'worker';

/** Stops every role while stories grow, starts them again, and sees every story to its end. */
async function restart(roles: readonly Role[], env: Record<string, string>, base: string): Promise<void> {
  const running = new Map<Role, RoleProcess>();
  try {
    for (const role of roles) running.set(role, await startRole(role, env));
    const grown: Promise<void>[] = [];
    const ends = Array.from({ length: STORIES }, async (_, seed) => {
      const id = await ask(base, { prompt: 'It all began with', length: 2_000, seed });
      let grows = () => {};
      grown.push(
        new Promise((resolve) => {
          grows = resolve;
        }),
      );
      return followReply(base, id, STORY_TIMEOUT_MS, (state) => {
        if (state.status === 'writing' && state.text.length > 100) grows();
      });
    });
    while (grown.length < STORIES) await new Promise((resolve) => setTimeout(resolve, 5));
    await Promise.all(grown);
    for (const role of roles) {
      const started = performance.now();
      assert.equal(await running.get(role)!.stop(), 0, `${role}: ${running.get(role)!.output()}`);
      const ms = performance.now() - started;
      assert.ok(ms < STOP_LIMIT_MS, `${role} took ${Math.round(ms)} ms`);
      running.set(role, await startRole(role, env));
    }
    for (const end of await Promise.all(ends)) {
      assert.equal(end.status === 'finished' && end.ending, 'complete', JSON.stringify(end));
    }
  } finally {
    for (const process of running.values()) await process.kill();
  }
}

describe('SIGTERM in the middle of stories', () => {
  it('loses nothing, embedded', async () => {
    const { folder, remove } = await temporaryFolder();
    const port = await freePort();
    const env = { REDIS_URL: '', SCIFI_DATA: folder, SCIFI_PORT: String(port), SCIFI_PACE: '400' };
    await restart(['start'], env, `http://127.0.0.1:${port}`);
    await remove();
  });

  it('loses nothing, on Redis', { skip: skipWithout('redis-server') }, async () => {
    const redis = await startRedis();
    const port = await freePort();
    const env = { REDIS_URL: redis.url, SCIFI_PORT: String(port), SCIFI_PACE: '400' };
    await restart(['worker', 'bots'], env, `http://127.0.0.1:${port}`);
    await redis.stop();
  });
});
