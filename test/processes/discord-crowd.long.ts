import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FakeDiscord, Fault } from '../fakes/discord/fake-discord.ts';
import { REDIS_SERVER, skipWithout } from '../helpers/programs.ts';
import { assertSteady } from './crowd.ts';
import { crowd } from './discord-crowd.ts';

/** Any call may fail in these ways, one in some hundred each. */
const BAD_DAY = [
  { match: /^(PATCH|POST) .*messages/, status: 503, share: 0.02 },
  { match: /^(PATCH|POST) .*messages/, status: 0, share: 0.01 },
  { match: /^POST .*messages/, status: 502, takesEffect: true, share: 0.05 },
  { match: /^PATCH .*messages/, status: 429, share: 0.0005 },
  { match: /callback$/, status: 500, share: 0.02 },
];

describe('100 users on Discord', { skip: skipWithout(REDIS_SERVER) }, () => {
  it('each has every story once, in time, without a complaint from Discord, for two minutes', async (t) => {
    const report = await crowd(100, 120);
    t.diagnostic(JSON.stringify(report));
    assert.equal(report.stories, report.asked);
    assert.ok(report.slowestAcknowledgementMs < 3_000, `${report.slowestAcknowledgementMs} ms`);
    assert.equal(report.tooMany, 0);
    assert.equal(report.invalid, 0);
    assertSteady(report.memory);
  });

  it('each sees every story end, with few complaints, for a minute of random faults', async (t) => {
    const report = await crowd(100, 60, { prepare: always(BAD_DAY) });
    t.diagnostic(JSON.stringify(report));
    assert.ok(report.stories > report.asked * 0.9, `${report.stories} of ${report.asked}`);
    assert.ok(report.invalid < 50, `${report.invalid} invalid requests`);
  });

  for (const status of [401, 403, 429]) {
    it(`stop asking soon while Discord answers every call with ${status} for half a minute`, async (t) => {
      const everything = [{ match: /./, status }];
      const report = await crowd(100, 30, { prepare: always(everything), isHopeless: true });
      t.diagnostic(JSON.stringify(report));
      assert.ok(report.invalid > 5 && report.invalid < 50, `${report.invalid} invalid requests`);
    });
  }
});

function always(faults: readonly Omit<Fault, 'times'>[]): (discord: FakeDiscord) => void {
  return (discord) => {
    for (const fault of faults) discord.misbehave({ ...fault, times: Number.POSITIVE_INFINITY });
  };
}
