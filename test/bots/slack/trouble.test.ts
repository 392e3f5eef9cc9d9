/** One answer of each kind with which Slack refuses a story; `npm run test:long` covers all known ones. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openSlack } from '../../harness/slack.ts';
import { until } from '../../helpers/programs.ts';
import { describeRefusals, SOME } from './refusals.ts';
import { ask, beneath, endsOnce, openStreaming } from './trouble.ts';

describeRefusals(SOME);

describe('a story on Slack where messages can be edited for a short time only', { timeout: 240_000 }, () => {
  it('is posted whole in a new message, once', async () => {
    const harness = await openSlack();
    try {
      const channel = ask(harness, 'While it was young');
      await until(() => [...channel.messages.values()].some(({ history }) => history.length > 1), 'an edit');
      harness.slack.clocks.editWindowMs = 0;
      const message = await endsOnce(channel, 'While it was young', false);
      const [first, ...others] = channel.messages.values();
      assert.deepEqual(others, [message]);
      assert.ok(first!.history.length > 1, 'it grew as long as it could');
      assert.equal(message.history.length, 1);
      assert.equal(harness.slack.count('chat.update', 'edit_window_closed'), 1, 'one attempt only');
    } finally {
      await harness.close();
    }
  });
});

describe('a stream on Slack whose start is not confirmed', { timeout: 240_000 }, () => {
  it('is found, ended and edited, and leaves no other message', async () => {
    const harness = await openStreaming();
    try {
      const channel = harness.channelOf();
      harness.slack.misbehave({ match: /startStream/, answer: 0, takesEffect: true, channel });
      harness.ann.slash(channel, '/scifi', 'Lost at the start length=1200');
      const message = await endsOnce(channel, 'Lost at the start');
      assert.equal(harness.slack.faults[0]!.times, 0);
      assert.deepEqual(beneath(channel), [message]);
    } finally {
      await harness.close();
    }
  });
});
