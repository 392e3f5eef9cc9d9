/** The digest of a week on Slack, on a moved clock: the real Bolt, and a real queue. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AddressOf } from '../../../src/bots/chat-context.ts';
import { digestQueueOf } from '../../../src/bots/shelf/digest-schedule.ts';
import { digestTime, dueWeek } from '../../../src/bots/shelf/digest-week.ts';
import { keyOf, type SlackHandle } from '../../../src/bots/slack/conversations.ts';
import type { Work } from '../../../src/story/shelf.ts';
import type { FakeMessage } from '../../fakes/slack/world.ts';
import { botsMessages, openSlack, type SlackHarness } from '../../harness/slack.ts';
import { MovedClock } from '../../helpers/moved-clock.ts';
import { PATIENCE_MS, REDIS_SERVER, skipWithout, until } from '../../helpers/programs.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MONDAY = Date.UTC(2030, 0, 7, 9);

function digestsIn({ channel }: SlackHarness): FakeMessage[] {
  return botsMessages(channel).filter(({ text }) => text.startsWith('*This channel wrote'));
}

async function shelved({ channel, ann, slack, bot }: SlackHarness, id: string, finishedAt: number) {
  const message = slack.world.addMessage(channel, slack.workspace.bot, { text: id });
  const conversation = { teamId: slack.workspace.id, channelId: channel.id };
  const work: Work<AddressOf<SlackHandle>> = {
    id,
    kind: 'relay',
    channelId: keyOf(conversation),
    hostId: ann.user.id,
    address: { ...conversation, botUserId: slack.workspace.bot.id, at: finishedAt },
    messages: [message.ts],
    request: { model: 'scifi', temperature: 0.4, seed: 7 },
    segments: [{ kind: 'prompt', text: `The <opening> of ${id}.` }],
    forks: [],
    titles: [`Title of ${id}`],
    finishedAt,
    credits: {},
  };
  await bot.shelf.finishWork(work);
  return message;
}

describe('digests on Slack', { timeout: 240_000, skip: skipWithout(REDIS_SERVER) }, () => {
  it('come on Monday, with the best of the week', async () => {
    const clock = new MovedClock(MONDAY - HOUR_MS);
    const harness = await openSlack({ allowance: 100, clock: clock.now, worker: false });
    const { ann, channelOf, command, slack } = harness;
    const own = channelOf();
    const at = { ...harness, channel: own };
    try {
      const liked = await shelved(at, 'a robot', MONDAY - DAY_MS);
      await shelved(at, 'a ship', MONDAY - DAY_MS + 1);
      await shelved(at, 'an old one', MONDAY - 8 * DAY_MS);
      ann.react(liked);
      assert.match(await command(ann, own, '/scifi-channel', 'digest hour=24'), /^Give an hour from 0 to 23/);
      const set = await command(ann, own, '/scifi-channel', 'digest');
      assert.match(set, /The best of the week comes every Monday at 9:00, UTC\./);
      clock.set(MONDAY);
      const queue = harness.connection.queue(digestQueueOf('slack'));
      for (const job of await queue.getJobs(['delayed'])) await job.promote();
      await queue.close();
      const [digest, ...others] = await until(
        () => (digestsIn(at).length > 0 ? digestsIn(at) : undefined),
        'the digest',
        PATIENCE_MS,
      );
      assert.deepEqual(others, []);
      const link = `https://${slack.workspace.id.toLowerCase()}.slack.com/archives/${own.id}/p${liked.ts.replace('.', '')}`;
      assert.equal(
        digest!.blocks[0]?.text?.text,
        [
          '*This channel wrote 2 stories last week*',
          `*The best opening*, of <${link}|Title of a robot>\n“The &lt;opening&gt; of a robot.”`,
          '_/scifi-shelf lists all stories of this channel._',
        ].join('\n\n'),
      );
      // The only markup is the bot's own link.
      assert.deepEqual(new Set(slack.world.pings), new Set([`<${link}|Title of a robot>`]));
    } finally {
      await harness.close();
    }
  });

  it('are posted once where the answer to the post is lost', async () => {
    const harness = await openSlack({ allowance: 100, worker: false });
    const { ann, channelOf, command, slack, bot } = harness;
    const own = channelOf();
    const at = { ...harness, channel: own };
    const key = keyOf({ teamId: slack.workspace.id, channelId: own.id });
    try {
      await command(ann, own, '/scifi-channel', 'digest');
      const week = dueWeek(Date.now(), 9);
      await shelved(at, 'a robot', digestTime(week, 9) - DAY_MS);
      slack.misbehave({ match: /^chat\.postMessage$/, answer: 0, takesEffect: true });
      await assert.rejects(bot.digests.post(key, async () => {}));
      assert.equal((await bot.shelf.digestOf(key, week))?.isOver, false);
      await bot.digests.post(key, async () => {});
      assert.equal((await bot.shelf.digestOf(key, week))?.isOver, true);
      assert.equal(digestsIn(at).length, 1);
      const lost = new Error('another process has taken the digest over');
      await bot.shelf.forgetChannel(key);
      await shelved(at, 'a robot', digestTime(week, 9) - DAY_MS);
      await assert.rejects(
        bot.digests.post(key, () => Promise.reject(lost)),
        lost,
      );
      assert.equal(digestsIn(at).length, 1, 'a process that has lost the job posts nothing');
    } finally {
      await harness.close();
    }
  });
});
