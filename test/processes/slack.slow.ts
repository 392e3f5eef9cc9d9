import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { REDIS_SERVER, skipWithout } from '../helpers/programs.ts';
import { surviveOnSlack } from './slack-survival.ts';

const KILLS = 2;

describe('kill -9 of the bots on Slack (twice; `npm run test:long` does twenty)', () => {
  it('loses and duplicates no story', { skip: skipWithout(REDIS_SERVER) }, async () => {
    const { stories } = await surviveOnSlack(KILLS);
    assert.ok(stories >= KILLS, `${stories} stories`);
  });
});
