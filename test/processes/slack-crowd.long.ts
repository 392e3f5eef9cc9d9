import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { REDIS_SERVER, skipWithout } from '../helpers/programs.ts';
import { assertSteady } from './crowd.ts';
import { crowd } from './slack-crowd.ts';

describe('100 users in one Slack workspace, over two minutes', { skip: skipWithout(REDIS_SERVER) }, () => {
  it('each has the story once, in time, with at most one complaint from Slack', async (t) => {
    const report = await crowd(100, 120, { pace: 120 });
    t.diagnostic(JSON.stringify(report));
    assert.equal(report.stories, 100);
    assert.ok(report.slowestAcknowledgementMs < 1_000, `${report.slowestAcknowledgementMs} ms`);
    for (const [method, complaints] of Object.entries(report.tooMany)) assert.ok(complaints <= 1, method);
    assertSteady(report.memory);
  });
});
