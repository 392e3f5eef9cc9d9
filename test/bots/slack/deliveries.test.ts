/** Slack delivers events twice, and sometimes refuses an ephemeral reply. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FakeChannel, FakeMessage } from '../../fakes/slack/world.ts';
import { finished, isOver, openSlack, type SlackHarness } from '../../harness/slack.ts';
import { until } from '../../helpers/programs.ts';

/** A duplicate would be visible by then. */
const AFTERWARDS_MS = 600;

describe('Slack’s deliveries', { timeout: 240_000 }, () => {
  let harness: SlackHarness;

  before(async () => {
    harness = await openSlack({ allowance: 20, pace: 2_000 });
  });
  after(async () => {
    harness.slack.copies = 1;
    await harness.close();
    assert.doesNotMatch(harness.log.join(''), /"level":50/);
  });

  it('are handled once when they arrive twice, for all kinds of events', async () => {
    const { slack, ann } = harness;
    slack.copies = 2;
    const channel = harness.channelOf();
    const set = ann.slash(channel, '/scifi-channel', 'on cooldown=0');
    await harness.ephemeralReply(set);
    const stories = new Set<FakeMessage>();
    const next = async (what: string) => {
      const story = await until(
        () => messagesOf(channel).find((one) => isOver(one) && !stories.has(one)),
        what,
      );
      stories.add(story);
      return story;
    };
    ann.slash(channel, '/scifi', 'By command length=150');
    const first = await next('a story by command');
    ann.press(first, 'Another');
    await next('another');
    ann.press(first, 'Continue');
    await next('what comes next');
    ann.say(channel, 'By a message of the channel length=150');
    await next('a story by prompt');
    const asked = ann.mention(channel, 'by mention length=150');
    await next('a story by mention');
    ann.shortcut(asked, 'scifi-continue-message');
    await next('a story by the shortcut');
    await sleep(AFTERWARDS_MS);
    assert.equal(messagesOf(channel).length, stories.size);
    const twice = slack.deliveries.all.filter(({ payload }) => payload.type === 'block_actions');
    assert.equal(twice.length, 4, 'both presses came twice');
    slack.copies = 1;
  });

  it('are answered by a story even where no ephemeral reply is possible', async () => {
    const { slack, ann } = harness;
    const channel = harness.channelOf({ isMember: false });
    slack.misbehave({ match: /response_url/, answer: 503, times: 3 });
    ann.slash(channel, '/scifi', 'Nobody hears length=150');
    await until(
      () => slack.faults.some(({ match, times }) => match.test('response_url') && times < 3),
      'a try',
    );
    const open = harness.channelOf();
    ann.slash(open, '/scifi', 'Somebody hears length=150');
    await finished(open);
    assert.equal(messagesOf(channel).length, 0);
  });
});

function messagesOf({ messages }: FakeChannel): FakeMessage[] {
  return [...messages.values()].filter(({ isBots }) => isBots);
}
