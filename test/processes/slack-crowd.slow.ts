import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { REDIS_SERVER, skipWithout } from '../helpers/programs.ts';
import { crowd } from './slack-crowd.ts';

describe('20 users in one Slack workspace (`npm run test:long` has 100 over two minutes)', () => {
  it('each has the story once, in time, without a complaint from Slack', {
    skip: skipWithout(REDIS_SERVER),
  }, async (t) => {
    const report = await crowd(20, 3, { pace: 600 });
    t.diagnostic(JSON.stringify(report));
    assert.equal(report.stories, 20);
    assert.ok(report.slowestAcknowledgementMs < 3_000, `${report.slowestAcknowledgementMs} ms`);
    assert.deepEqual(report.tooMany, {});
    assert.ok(report.growing >= 2, `${report.growing} stories grew before people’s eyes`);
  });
});
