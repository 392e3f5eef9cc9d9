import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { REDIS_SERVER, skipWithout } from '../helpers/programs.ts';
import { surviveOnSlack } from './slack-survival.ts';

const KILLS = 20;

describe(`kill -9 of the bots on Slack, ${KILLS} times`, { skip: skipWithout(REDIS_SERVER) }, () => {
  for (const reply of ['edit', 'stream'] as const) {
    it(`loses and duplicates no story (${reply})`, async (t) => {
      const { stories, begun } = await surviveOnSlack(KILLS, reply);
      t.diagnostic(
        `${stories} stories ended once each, ${begun} of them had been begun by a process that was killed`,
      );
      assert.ok(stories >= KILLS && begun >= KILLS / 2, `${stories} stories, ${begun} begun`);
    });
  }
});
