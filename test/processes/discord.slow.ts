import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { REDIS_SERVER, skipWithout } from '../helpers/programs.ts';
import { surviveOnDiscord } from './discord-survival.ts';

const KILLS = 2;

describe('kill -9 of the bots on Discord (twice; `npm run test:long` does twenty)', () => {
  it('loses and duplicates no story', { skip: skipWithout(REDIS_SERVER) }, async () => {
    const { stories } = await surviveOnDiscord(KILLS);
    assert.ok(stories >= KILLS, `${stories} stories`);
  });
});
