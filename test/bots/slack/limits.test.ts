/** Limits on Slack: those of users, and those that administrators of a workspace set. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Person } from '../../fakes/slack/people.ts';
import {
  botsMessages,
  finished,
  isOver,
  openSlack,
  type SlackHarness,
  smallPrintOf,
} from '../../harness/slack.ts';
import { THREE_AT_ONCE } from '../../helpers/limits.ts';
import { until } from '../../helpers/programs.ts';

const STORY = 'It all began with length=200';

describe('limits on Slack', { timeout: 240_000 }, () => {
  let harness: SlackHarness;

  before(async () => {
    harness = await openSlack({
      worker: false,
      pace: 0,
      allowance: 20,
      editIntervalMs: 200,
      allowed: THREE_AT_ONCE,
    });
    harness.announceWorker();
  });
  after(() => harness.close());

  it('runs three stories of a user in sequence, and refuses the next in an ephemeral reply', async () => {
    const { slack } = harness;
    const ann = new Person(slack, 'ann');
    const channels = [1, 2, 3, 4].map(() => harness.channelOf());
    for (const channel of channels.slice(0, 3)) {
      ann.slash(channel, '/scifi', STORY);
      await until(() => botsMessages(channel)[0], 'a message');
    }
    const [first, second, third] = channels.map((channel) => botsMessages(channel)[0]);
    for (const one of [second!, third!]) {
      await until(() => smallPrintOf(one) === 'Begins when your other story is done', 'a reason');
    }
    // No worker runs: the refusal waits for no story.
    const refused = ann.slash(channels[3]!, '/scifi', STORY);
    const sentence = await harness.ephemeralReply(refused);
    assert.equal(sentence, 'You have 3 stories under way. The next can start when one of them is done.');
    // The same holds for a mention, which has no response of its own.
    ann.mention(channels[3]!, STORY);
    await until(
      () => slack.world.ephemerals.find(({ text }) => text.startsWith('You have 3')),
      'an ephemeral reply',
    );
    ann.press(third!, 'Stop');
    await until(() => isOver(third!), 'an end');
    await until(async () => (await harness.bot.replies.count()).completed! > 0, 'its place to be free');
    ann.slash(channels[3]!, '/scifi', STORY);
    const worker = await harness.startWorker();
    for (const channel of [channels[0]!, channels[1]!, channels[3]!]) await finished(channel);
    assert.equal(botsMessages(channels[1]!).length, 1, 'it was put aside, and found its message again');
    ann.press(first!, 'Another');
    await finished(channels[0]!, ({ ts }) => ts !== first!.ts);
    ann.press(second!, 'Warmer');
    await until(
      () => slack.world.ephemerals.find(({ text }) => text.startsWith('You have had your 5 stories')),
      'a refusal',
    );
    await worker.close();
  });

  it('lets administrators set limits below the operator’s, never above, and remove them', async () => {
    const { slack, ann } = harness;
    const channel = harness.channelOf();
    const limits = (text: string) => harness.command(ann, channel, '/scifi-limits', text);
    const standard = [
      'Each user here may have 3 stories under way and 5 stories an hour.',
      'All users together may have 200 stories under way and 1,000 stories an hour.',
      'Nothing is set here: these are the limits of the operator of this bot.',
    ];
    assert.deepEqual((await limits('')).split('\n'), standard);
    assert.match(await limits('person-at-once=1'), /^Only administrators may do that in this workspace\./);
    assert.deepEqual((await limits('show')).split('\n'), standard);
    slack.world.administrators.add(ann.user.id);
    assert.match(
      await limits('person-at-once=1 all-hourly=900'),
      /^Each user here may have 1 story under way/,
    );
    assert.match(
      await limits('person-hourly=6'),
      /^The person-hourly is 6; give a whole number from 1 to 5,/,
    );
    assert.match(
      await limits('person-hourly=<!channel>'),
      /^The person-hourly is “&lt;!channel&gt;”; give a number/,
    );
    assert.match(
      await limits('everybody=3'),
      /^Set one of person-at-once, person-hourly, all-at-once, all-hourly,/,
    );
    assert.match(await limits('help'), /`\/scifi-limits reset`/);
    const eve = new Person(slack, 'eve');
    const mine = harness.channelOf();
    eve.slash(mine, '/scifi', STORY);
    await until(() => botsMessages(mine)[0], 'the first');
    const refused = eve.slash(mine, '/scifi', STORY);
    assert.match(await harness.ephemeralReply(refused), /^You have a story under way\./);
    assert.deepEqual((await limits('reset')).split('\n'), standard);
    slack.workspace.scopes = slack.workspace.scopes.filter((scope) => scope !== 'users:read');
    assert.match(
      await limits('all-at-once=3'),
      /^I may not see who the administrators of this workspace are\. Add the scope/,
    );
  });
});
