/** `/scifi-vote` on Slack: the real Bolt, a real queue and a real worker, and the message that users see. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Person } from '../../fakes/slack/people.ts';
import { type FakeChannel, type FakeMessage, wordsOf } from '../../fakes/slack/world.ts';
import { withoutTitles } from '../../harness/chat.ts';
import {
  botsMessages,
  labelsOf,
  openSlack,
  type SlackHarness,
  smallPrintOf,
  textOf,
} from '../../harness/slack.ts';
import { PATIENCE_MS, REDIS_SERVER, skipWithout, until } from '../../helpers/programs.ts';

/** The buttons under the story of a vote: those of a reply, without those that write it again. */
const END_LABELS = ['Continue', 'My line', 'Vote', 'Delete'];

/** The message that shows an open round. */
function voteIn(channel: FakeChannel, round: number): Promise<FakeMessage> {
  const isOpen = (message: FakeMessage) =>
    labelsOf(message).length === 5 && smallPrintOf(message).startsWith(`Round ${round} of`);
  return until(() => botsMessages(channel).find(isOpen), `round ${round}`, PATIENCE_MS);
}

async function counted(message: FakeMessage, ...labels: string[]): Promise<void> {
  await until(() => labelsOf(message).slice(0, 3).join() === labels.join(), labels.join(), PATIENCE_MS);
}

function overIn(channel: FakeChannel): Promise<FakeMessage> {
  const isOver = (message: FakeMessage) => withoutTitles(labelsOf(message)).join() === END_LABELS.join();
  return until(() => botsMessages(channel).find(isOver), 'the end', PATIENCE_MS);
}

async function withSlack(
  use: (harness: SlackHarness) => Promise<void>,
  options: Parameters<typeof openSlack>[0] = {},
): Promise<void> {
  const harness = await openSlack(options);
  try {
    await use(harness);
  } finally {
    await harness.close();
  }
}

describe('votes on Slack', { timeout: 240_000, skip: skipWithout(REDIS_SERVER) }, () => {
  it('counts fifty people within Slack’s limits, and appends the winners until the rounds are over', () =>
    withSlack(async (harness) => {
      const { ann, channel, slack } = harness;
      const begun = await harness.command(
        ann,
        channel,
        '/scifi-vote',
        'On the *crimson* moon, a < b rounds=2 seconds=600',
      );
      assert.match(begun, /^The vote begins below/);
      const message = await voteIn(channel, 1);
      assert.deepEqual(labelsOf(message), ['1', '2', '3', 'Close this round', 'The end']);
      const [story, question, first, second] = wordsOf(message.blocks, 'section').split('\n');
      assert.equal(story, 'On the *crimson* moon, a &lt; b');
      assert.equal(question, '*What happens next?*');
      assert.match(first!, /^1 {2}\S/);
      assert.match(
        smallPrintOf(message),
        /^Round 1 of 2 · no votes yet · ends at <!date\^\d+\^\{time_secs\}\|soon>$/,
      );

      const people = Array.from({ length: 50 }, (_, index) => new Person(slack, `person ${index}`));
      for (const [index, person] of people.entries()) {
        const label = index < 30 ? '2' : '3';
        person.press({ ...message }, label);
        // A double click.
        person.press({ ...message }, label);
      }
      await counted(message, '1', '2 (30)', '3 (20)');
      people[0]!.press(message, '3 (20)');
      await counted(message, '1', '2 (29)', '3 (21)');
      const bob = people[1]!;
      assert.match(
        await harness.ephemeralReply(bob.press(message, 'Close this round')),
        /^Only the user who started this vote, or a moderator, can close this round/,
      );
      const late = { ...message };
      ann.press(message, 'Close this round');
      await voteIn(channel, 2);
      const told = await harness.ephemeralReply(bob.press(late, '2 (29)'));
      assert.equal(told, 'This round is over, so your vote was not counted.');
      bob.press(message, '1');
      await counted(message, '1 (1)', '2', '3');
      ann.press(message, 'Close this round');
      const end = await overIn(channel);
      assert.equal(end.ts, message.ts, 'one message shows it all');
      assert.equal(botsMessages(channel).length, 1);
      const text = textOf(end);
      assert.ok(text.startsWith('On the *crimson* moon, a < b'), text);
      assert.ok(text.includes(second!.slice(3)), 'the winner has joined the story');
      assert.match(
        smallPrintOf(end),
        /^Chosen with 51 votes in 2 rounds · Science fiction fake-1 \(fake\) · lively · seed 7/,
      );
      assert.ok(!harness.log.join('\n').includes('crimson'));

      ann.press(end, 'Delete');
      await until(() => end.isDeleted, 'its deletion', PATIENCE_MS);
    }));

  it('is one in a channel, needs an invitation, and ends when its host says so', () =>
    withSlack(
      async (harness) => {
        const { ann, channel, slack, channelOf } = harness;
        const bob = new Person(slack, 'bob');
        const say = (text: string, at = channel) => harness.command(bob, at, '/scifi-vote', text);
        assert.match(await say('help'), /^This channel writes a story together/);
        assert.match(await say(':rocket:'), /^There are no words in that opening/);
        assert.match(await say('A ship seconds=5'), /^The seconds are a whole number from 15 to 600; got 5/);
        assert.match(await say('A ship rounds=many'), /^The rounds is “many”; give a number/);
        const closed = channelOf();
        closed.isMember = false;
        assert.match(await say('A ship', closed), /^I may not write here\. Type \/invite/);
        assert.match(await harness.command(ann, channel, '/scifi-vote', 'A robot'), /^The vote begins below/);
        const message = await voteIn(channel, 1);
        assert.match(await say('A ship'), /^There is a vote in this channel already/);
        ann.press(message, '1');
        await counted(message, '1 (1)', '2', '3');
        await harness.restart();
        ann.press(message, 'The end');
        const end = await overIn(channel);
        assert.match(smallPrintOf(end), /^Chosen with 1 vote in 1 round/);
        const begins = async () => (await say('A ship')).startsWith('The vote begins below');
        await until(begins, 'the next vote', PATIENCE_MS);
        const next = await voteIn(channel, 1);
        await harness.command(bob, channel, '/scifi-forget');
        await until(
          () => labelsOf(next).join() === 'Continue,My line',
          'the end of the host’s vote',
          PATIENCE_MS,
        );
        const isGone = async () => !(await harness.dump()).includes(bob.user.id);
        await until(isGone, 'the removal of the host’s id', PATIENCE_MS);
      },
      { allowance: 100 },
    ));

  it('posts one message where the answer to the post is lost', () =>
    withSlack(
      async (harness) => {
        const { ann, channel, slack } = harness;
        slack.misbehave({ match: /^chat\.postMessage$/, answer: 0, takesEffect: true });
        await harness.command(ann, channel, '/scifi-vote', 'A robot');
        const message = await voteIn(channel, 1);
        ann.press(message, 'The end');
        await overIn(channel);
        assert.equal(botsMessages(channel).length, 1);
      },
      { allowance: 100 },
    ));

  it('are started by those whom the channel’s setting allows, or else the workspace’s', () =>
    withSlack(async (harness) => {
      const { ann, slack } = harness;
      const bob = new Person(slack, 'bob');
      const channel = harness.channelOf({ creatorId: bob.user.id });
      const order = (person: Person, name: string, text: string) =>
        harness.command(person, channel, name, text);
      assert.match(await order(bob, '/scifi-channel', 'together moderators'), /^Only moderators can start/);
      assert.match(await order(ann, '/scifi-vote', 'A robot'), /^Only moderators can start a vote here/);
      assert.match(await order(ann, '/scifi-channel', 'together everyone'), /^Only administrators and/);
      assert.match(await order(bob, '/scifi-channel', 'together'), /^Choose who may start them: everyone,/);
      assert.match(await order(bob, '/scifi-limits', 'together nobody'), /^Only administrators may/);
      slack.world.administrators.add(ann.user.id);
      assert.match(await order(ann, '/scifi-limits', 'together hosts=nobody'), /\nNo user can start stories/);
      assert.match(await order(bob, '/scifi-channel', 'together default'), /^Those who may in the whole/);
      assert.match(await order(bob, '/scifi-vote', 'A robot'), /^Votes are off here/);
      assert.match(await order(bob, '/scifi-channel', 'together moderators'), /^Only moderators can start/);
      assert.match(await order(bob, '/scifi-vote', 'A robot'), /^The vote begins below/);
    }));
});
