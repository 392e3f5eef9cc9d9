/**
 * The story contract under `kill -9`: real processes, killed at random moments of paced stories and
 * restarted. Every story ends exactly once, with the text of an undisturbed run, and continues from the text
 * that the page showed.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { embeddedFolder } from '../helpers/embedded-folder.ts';
import { ask, followReply } from '../helpers/page-client.ts';
import { type RoleProcess, startRole } from '../helpers/processes.ts';
import { freePort, startRedis } from '../helpers/programs.ts';
import { PROMPT, undisturbed } from '../helpers/undisturbed.ts';
import { presetFor } from './crowd.ts';

/**
 * The process to kill: the worker or the bots' process on Redis, or the single process of the embedded
 * default.
 */
export type Victim = 'worker' | 'bots' | 'start';

const STORIES_PER_KILL = 3;
export const LENGTH = 1_600;
/** Four seconds per story. */
const PACE = 400;
const STORY_TIMEOUT_MS = 180_000;
/** The kill occurs at any moment between the request and shortly after the end of an undisturbed story. */
const KILL_WINDOW_MS: Record<Victim, number> = { worker: 700, bots: 4_500, start: 4_500 };

export interface SurvivalReport {
  readonly stories: number;
  /** Longest time between two growing states of a reply, in ms: the visible duration of a takeover. */
  readonly longestPauseMs: number;
}

/** Kills the victim `kills` times, with active stories each time. */
export async function survive(victim: Victim, kills: number, random = Math.random): Promise<SurvivalReport> {
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const shared = { SCIFI_PORT: String(port), SCIFI_PACE: String(PACE), LOG_LEVEL: 'info' };
  const redis = victim === 'start' ? undefined : await startRedis();
  const { folder, remove } = await embeddedFolder();
  const env = redis ? { ...shared, REDIS_URL: redis.url } : { ...shared, REDIS_URL: '', SCIFI_DATA: folder };
  const roles: Victim[] = redis ? ['worker', 'bots'] : ['start'];
  const running = new Map<Victim, RoleProcess>();
  const expected = await undisturbed();
  let longestPauseMs = 0;
  try {
    for (const role of roles) running.set(role, await startRole(role, env));
    for (let kill = 0; kill < kills; kill++) {
      const seeds = Array.from({ length: STORIES_PER_KILL }, (_, index) => kill * STORIES_PER_KILL + index);
      // While the other processes are mostly waiting.
      const texts = seeds.map((seed) => expected.text(seed, LENGTH, presetFor(seed)));
      const ends = seeds.map(async (seed) => {
        const id = await ask(base, { prompt: PROMPT, preset: presetFor(seed), length: LENGTH, seed });
        let last = performance.now();
        const end = await followReply(base, id, STORY_TIMEOUT_MS, (_, at) => {
          longestPauseMs = Math.max(longestPauseMs, at - last);
          last = at;
        });
        return { id, seed, end };
      });
      await sleep(random() * KILL_WINDOW_MS[victim]);
      await running.get(victim)!.kill();
      running.set(victim, await startRole(victim, env));
      for (const [index, { id, seed, end }] of (await Promise.all(ends)).entries()) {
        assert.equal(end.status, 'finished', JSON.stringify(end));
        assert.equal(end.status === 'finished' && end.text, await texts[index], `story ${seed}`);
        // A second request returns the same end.
        assert.deepEqual(await followReply(base, id, STORY_TIMEOUT_MS), end);
      }
    }
    return { stories: kills * STORIES_PER_KILL, longestPauseMs: Math.round(longestPauseMs) };
  } finally {
    for (const process of running.values()) await process.kill();
    await expected.close();
    await redis?.stop();
    await remove();
  }
}
