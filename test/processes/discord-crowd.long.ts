import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { skipWithout } from '../helpers/programs.ts';
import { crowd } from './discord-crowd.ts';

/** Share by which memory may grow between the second quarter and the last. */
const MEMORY_GROWTH = 0.15;
/** Any call may go wrong in these ways, one in some hundred each. */
const BAD_DAY = [
  { match: /^(PATCH|POST) .*messages/, status: 503, share: 0.02 },
  { match: /^(PATCH|POST) .*messages/, status: 0, share: 0.01 },
  { match: /^POST .*messages/, status: 502, takesEffect: true, share: 0.05 },
  { match: /^PATCH .*messages/, status: 429, share: 0.0005 },
  { match: /^PATCH .*messages/, status: 403, code: 50_001, share: 0.0005 },
  { match: /callback$/, status: 500, share: 0.02 },
];

describe('100 people on Discord', { skip: skipWithout('redis-server') }, () => {
  it('for two minutes: every story once, in time, and no complaint', async (t) => {
    const report = await crowd(100, 120);
    t.diagnostic(JSON.stringify(report));
    assert.equal(report.stories, report.asked);
    assert.ok(report.slowestAcknowledgementMs < 3_000, `${report.slowestAcknowledgementMs} ms`);
    assert.equal(report.tooMany, 0);
    assert.equal(report.invalid, 0);
    const { memory } = report;
    const early = mean(memory.slice(memory.length / 4, memory.length / 2));
    const late = mean(memory.slice((memory.length / 4) * 3));
    assert.ok(late < early * (1 + MEMORY_GROWTH), `${early} MB, then ${late} MB`);
  });

  it('for a minute on a bad day of Discord’s: few complaints, and nobody is left without an end', async (t) => {
    const report = await crowd(100, 60, (discord) => {
      for (const fault of BAD_DAY) discord.misbehave({ ...fault, times: Number.POSITIVE_INFINITY });
    });
    t.diagnostic(JSON.stringify(report));
    assert.ok(report.invalid < 50, `${report.invalid} invalid requests`);
  });
});

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
