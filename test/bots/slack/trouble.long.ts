/** All codes with which Slack refuses a story, and all failures of a stream: the story ends once, whole. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../../fakes/slack/fake-slack.ts';
import { botsMessages, finished, isOver, openSlack, type SlackHarness, textOf } from '../../harness/slack.ts';
import { until } from '../../helpers/programs.ts';
import { describeRefusals, OUTCOMES } from './refusals.ts';
import { endsOnce, openStreaming, streaming } from './trouble.ts';

/** A duplicate would be visible by then. */
const AFTERWARDS_MS = 600;

type Trouble = Omit<Fault, 'times' | 'channel'> & { readonly times?: number };

const APPEND = /appendStream/;
const STOP = /stopStream/;
const TROUBLE: readonly (readonly [string, readonly Trouble[]])[] = [
  ['an append is refused', [{ match: APPEND, answer: 'message_not_in_streaming_state' }]],
  ['Slack sees a conflict', [{ match: APPEND, answer: 'streaming_state_conflict' }]],
  ['an append is too long for Slack', [{ match: APPEND, answer: 'msg_too_long' }]],
  ['Slack answers 503', [{ match: APPEND, answer: 503 }]],
  ['the response to an append is lost', [{ match: APPEND, answer: 0, takesEffect: true }]],
  ['there are too many appends', [{ match: APPEND, answer: 429 }]],
  ['the end is refused', [{ match: STOP, answer: 'internal_error' }]],
  ['the response to the end is lost', [{ match: STOP, answer: 0, takesEffect: true }]],
  ['the end fails twice', [{ match: STOP, answer: 503, times: 2 }]],
  [
    'an append is lost, and then the response to the end',
    [
      { match: APPEND, answer: 0 },
      { match: STOP, answer: 0, takesEffect: true },
    ],
  ],
  [
    'an append fails, and then the end, and then the edit',
    [
      { match: APPEND, answer: 503 },
      { match: STOP, answer: 503 },
      { match: /chat.update/, answer: 503, times: 2 },
    ],
  ],
];

describeRefusals([...OUTCOMES.keys()]);

describe('a failing stream on Slack', { timeout: 240_000 }, () => {
  let harness: SlackHarness;

  before(async () => {
    harness = await openStreaming();
  });
  after(() => harness.close());

  for (const [what, faults] of TROUBLE) {
    it(`ends once, whole and in the same message when ${what}`, async () => {
      const { channel, message } = await streaming(harness, 'In trouble');
      for (const fault of faults) harness.slack.misbehave({ ...fault, channel });
      const whole = await endsOnce(channel, 'In trouble');
      assert.equal(whole.ts, message.ts);
      assert.equal(channel.messages.size, 2);
      for (const { times } of harness.slack.faults.splice(0)) assert.equal(times, 0, 'there was trouble');
    });
  }
});

describe('a reconnection that Slack requests', { timeout: 240_000 }, () => {
  it('keeps the running story, and handles messages sent meanwhile', async () => {
    const harness = await openSlack({ pace: 1_000 });
    try {
      const { slack, ann, channel } = harness;
      ann.slash(channel, '/scifi', 'Before the break length=3000');
      const message = await until(() => botsMessages(channel)[0], 'a message');
      // Slack waits a minute before the second delivery; Bolt reconnects after five seconds.
      slack.deliveries.acknowledgeMs = 3_000;
      slack.deliveries.retryMs = [0, 6_000];
      slack.deliveries.refresh();
      await until(() => slack.deliveries.connections === 0, 'a good-bye');
      const mention = ann.mention(channel, 'during the break length=150');
      await until(() => isOver(message), 'the end');
      const answer = await finished(channel, ({ threadTs }) => threadTs === mention.ts);
      assert.ok(textOf(answer).startsWith('during the break'));
      await sleep(AFTERWARDS_MS);
      assert.equal(channel.messages.size, 3, 'the mention, and two stories');
    } finally {
      await harness.close();
    }
  });
});
