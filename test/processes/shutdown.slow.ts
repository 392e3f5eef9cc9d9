/** A shutdown during work: `SIGTERM`, exit code 0, and no loss for waiting users. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { alive, descendants } from '../helpers/children.ts';
import { embeddedFolder } from '../helpers/embedded-folder.ts';
import { ask, followReply } from '../helpers/page-client.ts';
import { type Role, type RoleProcess, startRole } from '../helpers/processes.ts';
import {
  freePort,
  REDIS_SERVER,
  skipWithout,
  startRedis,
  temporaryFolder,
  until,
} from '../helpers/programs.ts';
import { PROMPT, undisturbed } from '../helpers/undisturbed.ts';
import { LENGTH } from './survival.ts';

const STORIES = 4;
const STORY_TIMEOUT_MS = 180_000;
const STOP_LIMIT_MS = 30_000;

/** Stops every role while stories grow, restarts them, and follows every story to its end. */
async function restart(roles: readonly Role[], env: Record<string, string>, base: string): Promise<void> {
  const running = new Map<Role, RoleProcess>();
  const expected = await undisturbed();
  try {
    for (const role of roles) running.set(role, await startRole(role, env));
    const texts = Array.from({ length: STORIES }, (_, seed) => expected.text(seed, LENGTH));
    const grown: Promise<void>[] = [];
    const ends = Array.from({ length: STORIES }, async (_, seed) => {
      const id = await ask(base, { prompt: PROMPT, length: LENGTH, seed });
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
      const children = await descendants(running.get(role)!.pid);
      const started = performance.now();
      assert.equal(await running.get(role)!.stop(), 0, `${role}: ${running.get(role)!.output()}`);
      const ms = performance.now() - started;
      assert.ok(ms < STOP_LIMIT_MS, `${role} took ${Math.round(ms)} ms`);
      await until(async () => (await alive(children)).length === 0, `the children of ${role} to end`);
      running.set(role, await startRole(role, env));
    }
    for (const [seed, end] of (await Promise.all(ends)).entries()) {
      assert.equal(end.status === 'finished' && end.ending, 'complete', JSON.stringify(end));
      assert.equal(end.status === 'finished' && end.text, await texts[seed], `story ${seed}`);
    }
  } finally {
    for (const process of running.values()) await process.kill();
    await expected.close();
  }
}

describe('SIGTERM in the middle of stories', { concurrency: 2 }, () => {
  it('loses nothing, embedded', async () => {
    const { folder, remove } = await embeddedFolder();
    const port = await freePort();
    const env = { REDIS_URL: '', SCIFI_DATA: folder, SCIFI_PORT: String(port), SCIFI_PACE: '400' };
    try {
      await restart(['start'], env, `http://127.0.0.1:${port}`);
    } finally {
      await remove();
    }
  });

  it('loses nothing, on Redis', { skip: skipWithout(REDIS_SERVER) }, async () => {
    const redis = await startRedis();
    const { folder, remove } = await temporaryFolder();
    const port = await freePort();
    const heartbeat = join(folder, 'heartbeat');
    const env = {
      REDIS_URL: redis.url,
      SCIFI_PORT: String(port),
      SCIFI_PACE: '400',
      SCIFI_HEARTBEAT: heartbeat,
    };
    const started = Date.now();
    try {
      await restart(['worker', 'bots'], env, `http://127.0.0.1:${port}`);
      assert.ok(
        Date.parse(await readFile(heartbeat, 'utf8')) > started,
        'the worker showed that it was ready',
      );
    } finally {
      await redis.stop();
      await remove();
    }
  });
});
