import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { REDIS_SERVER, skipWithout } from '../helpers/programs.ts';
import { crowd } from './discord-crowd.ts';

describe('20 users on Discord for 15 seconds (`npm run test:long` has 100 for two minutes)', () => {
  it('each has every story once, in time, without a complaint from Discord', {
    skip: skipWithout(REDIS_SERVER),
  }, async () => {
    const report = await crowd(20, 15);
    assert.equal(report.stories, report.asked);
    assert.ok(report.stories >= 40, `${report.stories} stories`);
    assert.ok(report.slowestAcknowledgementMs < 3_000, `${report.slowestAcknowledgementMs} ms`);
    assert.equal(report.tooMany, 0);
    assert.equal(report.invalid, 0);
  });
});
