import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { REDIS_SERVER, skipWithout } from '../helpers/programs.ts';
import { randomFrom } from '../reliability/fault.ts';
import { surviveOpenings } from './openings-survival.ts';

const STORIES = 2;

describe('kill -9 while openings are written, offered and chosen', { timeout: 900_000 }, () => {
  for (const backend of ['redis', 'embedded'] as const) {
    const skip = backend === 'redis' && skipWithout(REDIS_SERVER);
    it(`loses none, and writes one story for each choice, on ${backend}`, { skip }, async () => {
      const { done, unheard } = await surviveOpenings(STORIES, randomFrom(11), backend);
      assert.equal(done + unheard, 2 * STORIES);
    });
  }
});
