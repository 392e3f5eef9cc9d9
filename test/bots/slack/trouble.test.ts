/** One answer of each kind with which Slack refuses a story; `npm run test:long` has all that are known. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeRefusals, SOME } from './refusals.ts';
import { beneath, endsOnce, openStreamingHouse } from './trouble.ts';

describeRefusals(SOME);

describe('a stream on Slack whose start is not known to have succeeded', { timeout: 60_000 }, () => {
  it('is found, ended and edited: nothing else is left behind', async () => {
    const house = await openStreamingHouse();
    try {
      const channel = house.channelOf();
      house.slack.misbehave({ match: /startStream/, answer: 0, takesEffect: true, channel });
      house.ann.slash(channel, '/scifi', 'Lost at the start length=1200');
      const message = await endsOnce(channel, 'Lost at the start');
      assert.equal(house.slack.faults[0]!.times, 0);
      assert.deepEqual(beneath(channel), [message]);
    } finally {
      await house.close();
    }
  });
});
