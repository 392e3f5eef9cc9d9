import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { REDIS_SERVER, skipWithout } from '../helpers/programs.ts';
import { randomFrom } from '../reliability/fault.ts';
import { surviveOwnAction } from './own-survival.ts';

const KILLS = 2;

describe('kill -9 while a reply is deleted, taken back, edited or shared', { timeout: 840_000 }, () => {
  for (const action of ['Delete', 'Undo', 'Edit', 'Share'] as const) {
    for (const backend of ['redis', 'embedded'] as const) {
      const skip = backend === 'redis' && skipWithout(REDIS_SERVER);
      it(`leaves one consistent state: ${action}, on ${backend}`, { skip }, async () => {
        const { done, unheard } = await surviveOwnAction(action, KILLS, randomFrom(7), backend);
        assert.equal(done + unheard, KILLS);
      });
    }
  }
});
