import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { REDIS_SERVER, skipWithout } from '../helpers/programs.ts';
import { randomFrom } from '../reliability/fault.ts';
import { surviveOwnActionOnSlack } from './slack-own-survival.ts';

const KILLS = 2;

describe('kill -9 on Slack while a reply is deleted, taken back or edited', { timeout: 300_000 }, () => {
  for (const action of ['Delete', 'Undo', 'Edit'] as const) {
    it(`leaves one consistent state: ${action}`, { skip: skipWithout(REDIS_SERVER) }, async () => {
      const { done, unheard } = await surviveOwnActionOnSlack(action, KILLS, randomFrom(11));
      assert.equal(done + unheard, KILLS);
    });
  }
});
