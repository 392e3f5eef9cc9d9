import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { REDIS_SERVER, skipWithout } from '../helpers/programs.ts';
import { randomFrom } from '../reliability/fault.ts';
import { PAGE_ACTIONS, surviveOwnActionOnPage } from './page-own-survival.ts';

const KILLS = 2;

describe('kill -9 while a story of the page is deleted, taken back, edited, shared or taken down', {
  timeout: 600_000,
}, () => {
  for (const action of PAGE_ACTIONS) {
    for (const backend of ['redis', 'embedded'] as const) {
      const skip = backend === 'redis' && skipWithout(REDIS_SERVER);
      it(`leaves one consistent state: ${action}, on ${backend}`, { skip }, async () => {
        const { done, unheard } = await surviveOwnActionOnPage(action, KILLS, randomFrom(13), backend);
        assert.equal(done + unheard, KILLS);
      });
    }
  }
});
