/** The meaning of Slack's error codes, and the effect of a refused stream on later streams. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { webApi } from '@slack/bolt';
import { failureOf, type SlackFailure } from '../../../src/bots/slack/failures.ts';
import { StreamSupport } from '../../../src/bots/slack/reply/stream.ts';

function refusal(code: string): Error {
  return new webApi.WebAPIPlatformError({ ok: false, error: code, response_metadata: {} });
}

/** Codes that Slack documents for the methods in use, and that do not mean a mistake in a request. */
const MEANINGS: Readonly<Record<string, SlackFailure>> = {
  update_failed: 'temporary',
  user_not_in_channel: 'gone',
  user_not_found: 'gone',
  app_access_restricted: 'unauthorized',
  enterprise_is_restricted: 'unauthorized',
  team_access_not_granted: 'unauthorized',
  two_factor_setup_required: 'unauthorized',
  channel_type_not_supported: 'absent',
  method_not_supported_for_channel_type: 'absent',
  // Mistakes in a request stay defects.
  invalid_blocks: 'defect',
  invalid_arguments: 'defect',
};

describe('Slack’s error codes', () => {
  for (const [code, failure] of Object.entries(MEANINGS)) {
    it(`${code} is ${failure}`, () => assert.equal(failureOf(refusal(code)), failure));
  }
});

describe('StreamSupport', () => {
  const here = { teamId: 'T1', channelId: 'C1' };
  const there = { teamId: 'T1', channelId: 'C2' };
  const elsewhere = { teamId: 'T2', channelId: 'C3' };

  it('disables streams for a conversation, or a whole workspace, for an hour', () => {
    let now = 0;
    const support = new StreamSupport(() => now);
    support.refused(here, refusal('channel_type_not_supported'));
    assert.deepEqual(
      [here, there].map((place) => support.isLikely(place)),
      [false, true],
    );
    support.refused(there, refusal('unknown_method'));
    assert.deepEqual(
      [here, there, elsewhere].map((place) => support.isLikely(place)),
      [false, false, true],
    );
    now = 3_600_000;
    assert.deepEqual(
      [here, there].map((place) => support.isLikely(place)),
      [true, true],
    );
  });

  it('ignores transient failures', () => {
    const support = new StreamSupport(() => 0);
    support.refused(here, refusal('internal_error'));
    support.refused(here, refusal('ratelimited'));
    assert.ok(support.isLikely(here));
  });
});
