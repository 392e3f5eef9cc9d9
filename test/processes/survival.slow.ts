import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { REDIS_SERVER, skipWithout } from '../helpers/programs.ts';
import { survive } from './survival.ts';

const KILLS = 2;

describe('kill -9 (twice; `npm run test:long` does twenty)', { concurrency: 3 }, () => {
  const skip = skipWithout(REDIS_SERVER);

  it('of the worker, on Redis, loses and duplicates no story', { skip }, async () => {
    assert.equal((await survive('worker', KILLS)).stories, 6);
  });

  it('of the bots, on Redis, loses and duplicates no story', { skip }, async () => {
    assert.equal((await survive('bots', KILLS)).stories, 6);
  });

  it('of the single process, embedded, loses and duplicates no story', async () => {
    assert.equal((await survive('start', KILLS)).stories, 6);
  });
});
