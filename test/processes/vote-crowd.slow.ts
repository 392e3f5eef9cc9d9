import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { REDIS_SERVER, skipWithout } from '../helpers/programs.ts';
import { randomFrom } from '../reliability/fault.ts';
import { voteCrowd } from './voting/crowd.ts';

describe('ten channels of Discord that vote at once (`npm run bench:votes` has a hundred)', () => {
  it('are counted exactly, without a complaint from Discord', {
    skip: skipWithout(REDIS_SERVER),
    timeout: 240_000,
  }, async (t) => {
    const { memory: _, acknowledgedMs, lateMs, ...report } = await voteCrowd(10, 5, 20, randomFrom(3));
    t.diagnostic(JSON.stringify({ ...report, slowestMs: acknowledgedMs.at(-1), latestMs: lateMs.at(-1) }));
    assert.ok(report.rounds >= 10 && acknowledgedMs.length > 50);
    assert.equal(report.unheard, 0);
    assert.equal(report.tooMany, 0);
    assert.equal(report.invalid, 0);
  });
});
