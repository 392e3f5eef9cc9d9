import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { REDIS_SERVER, skipWithout } from '../helpers/programs.ts';
import { surviveOnDiscord } from './discord-survival.ts';

const KILLS = 20;

describe(`kill -9 of the bots on Discord, ${KILLS} times`, () => {
  it('loses and duplicates no story', { skip: skipWithout(REDIS_SERVER) }, async (t) => {
    const { stories, long } = await surviveOnDiscord(KILLS);
    t.diagnostic(`${stories} stories ended once each, ${long} of them in three messages`);
    assert.ok(long >= KILLS / 2, `${long} long stories`);
  });
});
