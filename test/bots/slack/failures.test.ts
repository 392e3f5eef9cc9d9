/** Every failure in the middle of a story on Slack has one defined outcome. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FakeChannel, FakeMessage } from '../../fakes/slack/world.ts';
import {
  botsMessages,
  configOf,
  FOOTER,
  finished,
  isOver,
  labelsOf,
  openSlack,
  type SlackHarness,
  smallPrintOf,
  textOf,
} from '../../harness/slack.ts';
import { until } from '../../helpers/programs.ts';

/** The delay of a slow queue. */
const SLOW_MS = 400;
/** At the set-up's pace: three seconds. */
const LONG = 'It went wrong length=1500';
/** Twelve seconds: the story fails before its end on a busy machine, too. */
const LONGEST = 'It went wrong length=6000';

describe('Slack failures', { timeout: 240_000, concurrency: true }, () => {
  describe('a failure during a story on Slack', { timeout: 240_000, concurrency: true }, () => {
    let harness: SlackHarness;
    const seen = new Set<string>();

    before(async () => {
      harness = await openSlack();
    });
    after(() => harness.close());

    /** A story in its own channel, once its text has begun to grow. */
    async function begun(): Promise<{ channel: FakeChannel; message: FakeMessage }> {
      const channel = harness.channelOf();
      harness.ann.slash(channel, '/scifi', LONGEST);
      const message = await until(() => botsMessages(channel)[0], 'a message');
      await until(() => textOf(message).length > 60, 'a growing text');
      return { channel, message };
    }

    async function givenUp(message: FakeMessage): Promise<void> {
      const edits = message.history.length;
      const isNews = (line: string) => line.includes('reply given up') && !seen.has(line);
      seen.add(await until(() => harness.log.find(isNews), 'a reply to be given up'));
      await sleep(1_000);
      assert.ok(message.history.length - edits <= 1, 'nobody goes on editing');
    }

    it('stops the story when a user deletes the message', async () => {
      const { message } = await begun();
      message.isDeleted = true;
      await givenUp(message);
    });

    it('stops the story when the channel is archived', async () => {
      const { channel, message } = await begun();
      channel.isArchived = true;
      await givenUp(message);
    });
  });

  it('continues and finishes the story, once, after a short Slack outage', async () => {
    const harness = await openSlack();
    try {
      const { slack, ann, channel } = harness;
      // Posted, and the response dropped: the bot looks for the message before it posts again.
      slack.misbehave({ match: /postMessage/, answer: 0, takesEffect: true });
      slack.misbehave({ match: /chat.update/, answer: 503, times: 2 });
      slack.misbehave({ match: /history/, answer: 503 });
      ann.slash(channel, '/scifi', LONG);
      const message = await finished(channel);
      assert.match(smallPrintOf(message), FOOTER);
      await sleep(500);
      assert.equal(channel.messages.size, 1);
      // Slack reported that no message was posted.
      const other = harness.channelOf();
      slack.misbehave({ match: /postMessage/, answer: 'internal_error' });
      ann.slash(other, '/scifi', 'Again length=200');
      await finished(other);
      assert.equal(other.messages.size, 1);
    } finally {
      await harness.close();
    }
  });

  it('makes fewer calls after a rate-limit error, and delivers all final edits', async () => {
    const harness = await openSlack();
    try {
      const { slack, ann, channel } = harness;
      const other = harness.channelOf();
      ann.slash(other, '/scifi', LONG);
      await until(() => botsMessages(other)[0]?.history.length === 2, 'another story that grows');
      slack.misbehave({ match: /chat.update/, answer: 429 });
      ann.slash(channel, '/scifi', LONG);
      const message = await finished(channel);
      const limited = slack.log.filter(({ method, status }) => method === 'chat.update' && status === 429);
      assert.equal(limited.length, 1);
      const [at] = limited.map((call) => call.at);
      const tooSoon = slack.log.filter(
        (call) => call.method === 'chat.update' && call.at > at! && call.at < at! + 950,
      );
      assert.equal(tooSoon.length, 0, 'nothing is asked while Slack wants to be left alone');
      assert.ok(textOf(message).length > 1_200);
      await finished(other);
    } finally {
      await harness.close();
    }
  });

  it('shows the position, refuses when the queue is full, and continues when a worker starts', async () => {
    const harness = await openSlack({ worker: false, allowed: { maxWaiting: 2 } });
    try {
      const { ann } = harness;
      const stopAnnouncing = harness.announceWorker();
      const [one, two, three] = [harness.channelOf(), harness.channelOf(), harness.channelOf()];
      ann.slash(one, '/scifi', 'First length=200');
      const first = await until(() => botsMessages(one)[0], 'a message');
      await until(() => smallPrintOf(first) === 'Next in the queue, a few seconds', 'a place');
      ann.slash(two, '/scifi', 'Second length=200');
      const second = await until(() => botsMessages(two)[0], 'a message');
      await until(() => smallPrintOf(second) === '2nd in the queue, a few seconds', 'a place');
      assert.deepEqual(labelsOf(second), ['Stop', 'Delete']);
      const third = ann.slash(three, '/scifi', 'Third length=200');
      await until(() => harness.ephemeralTo(third).startsWith('2 stories are waiting already.'), 'a refusal');
      ann.press(first, 'Stop');
      await until(() => isOver(first), 'an end');
      assert.match(smallPrintOf(first), /^Stopped before the first word · /);
      stopAnnouncing();
      await harness.startWorker();
      await until(() => isOver(second), 'an end');
      assert.equal(three.messages.size, 0);
    } finally {
      await harness.close();
    }
  });

  it('reconnects when the socket is cut, and handles messages sent meanwhile', async () => {
    const harness = await openSlack();
    try {
      const { slack, ann, channel } = harness;
      ann.slash(channel, '/scifi', 'Before length=300');
      await finished(channel);
      // Slack itself waits for minutes.
      slack.deliveries.acknowledgeMs = 3_000;
      slack.deliveries.retryMs = [1_000, 2_000, 4_000, 8_000];
      slack.deliveries.cut();
      const other = harness.channelOf();
      ann.mention(other, 'Meanwhile length=200');
      const message = await finished(other);
      assert.ok(textOf(message).startsWith('Meanwhile'));
      assert.equal(botsMessages(other, message.threadTs).length, 1);
    } finally {
      await harness.close();
    }
  });

  it('acknowledges a mention after its story is stored', async () => {
    const harness = await openSlack({ pace: 0 });
    try {
      const { slack, ann, channel, bot } = harness;
      const submit = bot.replies.submit.bind(bot.replies);
      bot.replies.submit = async (...task) => {
        await sleep(SLOW_MS);
        return submit(...task);
      };
      const asked = ann.mention(channel, 'Take your time length=200');
      await finished(channel);
      const told = slack.deliveries.all.find(({ payload }) => {
        const { type, ts } = (payload.event ?? {}) as { type?: string; ts?: string };
        return type === 'message' && ts === asked.ts;
      })!;
      assert.ok(told.acknowledgedAt! - told.createdAt >= SLOW_MS, 'not before');
      assert.equal(told.attempts, 1);
    } finally {
      await harness.close();
    }
  });

  it('ends the start with an instruction, without hanging, when Slack rejects the token', async () => {
    const harness = await openSlack({ worker: false });
    try {
      const config = configOf(harness.slack);
      const cases: [Partial<typeof config>, string, RegExp][] = [
        [{ botToken: 'xoxb-wrong' }, 'configuration', /Slack does not accept SLACK_BOT_TOKEN\. Copy it anew/],
        [{ appToken: 'xapp-wrong' }, 'configuration', /Slack does not accept SLACK_APP_TOKEN\. Make one/],
        [{ api: 'http://127.0.0.1:1/api/' }, 'chat_unavailable', /Slack cannot be reached \(temporary\)/],
      ];
      for (const [wrong, code, message] of cases) {
        const started = harness.another({ config: { ...config, ...wrong } });
        await assert.rejects(started, { name: 'StoryError', code, message });
      }
    } finally {
      await harness.close();
    }
  });
});
