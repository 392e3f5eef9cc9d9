/** Votes that go on from a story, openings to choose from, and what becomes of their stories, on Slack. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { asksForChoices, withoutChoices } from '../../../src/bots/slack/markup.ts';
import { Shares } from '../../../src/queue/shares.ts';
import { wholeText } from '../../../src/share/share.ts';
import { openingsOf } from '../../../src/story/vote.ts';
import type { Delivery } from '../../fakes/slack/delivery.ts';
import { Person } from '../../fakes/slack/people.ts';
import { initialValues } from '../../fakes/slack/views.ts';
import { type FakeChannel, type FakeMessage, wordsOf } from '../../fakes/slack/world.ts';
import { PUBLIC_URL, withoutTitles } from '../../harness/chat.ts';
import {
  finished,
  isOver,
  labelsOf,
  openSlack,
  type SlackHarness,
  smallPrintOf,
  textOf,
} from '../../harness/slack.ts';
import { PATIENCE_MS, until } from '../../helpers/programs.ts';

const OFFERED = 'Three ways to begin come below. The one that you choose becomes the story.';

/** The message of a channel, in a thread or not, whose first buttons are these. */
function showing(channel: FakeChannel, ...labels: string[]): Promise<FakeMessage> {
  const is = (one: FakeMessage) =>
    one.isBots && !one.isDeleted && labelsOf(one).slice(0, labels.length).join() === labels.join();
  return until(() => [...channel.messages.values()].find(is), labels.join(), PATIENCE_MS);
}

const openVote = (channel: FakeChannel) => showing(channel, '1', '2', '3', 'Close this round');
const openChoice = (channel: FakeChannel) => showing(channel, '1', '2', '3', 'Delete');
const chosenStory = (channel: FakeChannel) => showing(channel, 'Continue', 'My line', 'Vote');

/** The story that an opening has become, in its message. */
async function grown(message: FakeMessage): Promise<FakeMessage> {
  await until(() => isOver(message), 'the end of the chosen story', PATIENCE_MS);
  return message;
}

/** The refusal in a form; undefined when there is none. */
function refusalIn({ response }: Delivery): string | undefined {
  const errors = (response as { errors?: Record<string, string> } | undefined)?.errors;
  return errors && Object.values(errors)[0];
}

for (const reply of ['edit', 'stream'] as const) {
  describe(`stories of votes on Slack, with ${reply}`, { timeout: 300_000 }, () => {
    let harness: SlackHarness;
    let shares: Shares;

    before(async () => {
      const settings = () => ({ reply });
      harness = await openSlack({
        publicUrl: PUBLIC_URL,
        isEmbedded: true,
        allowance: 100,
        pace: 900,
        settings,
      });
      shares = new Shares(harness.connection);
      await shares.ready();
    });
    after(async () => {
      await shares.close();
      await harness.close();
    });

    const tell = async (channel: FakeChannel): Promise<FakeMessage> => {
      harness.ann.slash(channel, '/scifi', 'On the red moon length=160 preset=wild');
      return finished(channel);
    };
    /** Presses Vote, and sends the form. */
    const startVote = async (who: Person, story: FakeMessage, values = {}): Promise<Delivery> => {
      const press = who.press(story, 'Vote');
      await until(() => who.viewAfter(press), 'a form');
      return who.fill(press, values);
    };

    it('go on from a story of any user, and are in the book, on a page, and deleted as any other', async () => {
      const { ann, slack } = harness;
      const channel = harness.channelOf();
      const bob = new Person(slack, 'bob');
      const story = await tell(channel);
      assert.deepEqual(labelsOf(story).slice(-5), ['My line', 'Vote', 'Edit', 'Delete', 'Share']);
      const press = bob.press(story, 'Vote');
      const form = await until(() => bob.viewAfter(press), 'a form');
      assert.deepEqual(initialValues(form), { rounds: '5', seconds: '60' });
      bob.fill(press, { rounds: '1', seconds: '600' });
      const message = await openVote(channel);
      assert.equal(message.threadTs, story.threadTs, 'it is where the story is');
      assert.match(smallPrintOf(message), /^Round 1 of 1 · no votes yet/);
      const [before, , first, second] = wordsOf(message.blocks, 'section').split('\n').filter(Boolean);
      assert.ok(before && first && second);
      const sent = await startVote(ann, story);
      // In the form, or after it where the queue is slow.
      const refusal = () =>
        refusalIn(sent) ?? slack.world.ephemerals.find(({ userId }) => userId === ann.user.id)?.text;
      assert.match(await until(refusal, 'a refusal'), /^There is a vote in this channel already/);
      const host = await harness.ephemeralReply(ann.press(message, 'Close this round'));
      assert.match(host, /^Only the user who started this vote/);
      ann.press(message, '2');
      await showing(channel, '1', '2 (1)', '3');
      bob.press(message, 'Close this round');
      const end = await chosenStory(channel);
      assert.equal(end.ts, message.ts);
      assert.match(smallPrintOf(end), /^Chosen with 1 vote in 1 round · .* · wild · seed /);
      assert.deepEqual(withoutTitles(labelsOf(end)), ['Continue', 'My line', 'Vote', 'Undo', 'Share']);
      const text = textOf(end);

      const told = await harness.command(ann, channel, '/scifi-book', 'text');
      assert.match(told, /^A book of one story of this channel/);
      const share = await harness.ephemeralReply(bob.press(end, 'Share'));
      const id = /\/s\/([\w-]{27})/.exec(share)?.[1];
      assert.ok(id, share);
      const page = await shares.read(id);
      assert.equal(page?.parts.length, 2);
      assert.ok(wholeText(page).endsWith(text));
      assert.match(await harness.ephemeralReply(ann.rate(end, 'Like')), /^You like this story/);
      bob.press(end, 'Undo');
      await until(() => end.isDeleted, 'its deletion', PATIENCE_MS);
      await until(async () => (await shares.read(id)) === undefined, 'the end of the page', PATIENCE_MS);
    });

    it('grow from the opening that their requester chooses, across a restart', async () => {
      const { ann, slack } = harness;
      const channel = harness.channelOf();
      const told = await harness.command(
        ann,
        channel,
        '/scifi',
        'On the red moon choices=3 length=400 seed=40',
      );
      assert.equal(told, OFFERED);
      const message = await openChoice(channel);
      assert.match(smallPrintOf(message), /^Only the user who asked can choose · ends at <!date/);
      const lines = wordsOf(message.blocks, 'section').split('\n');
      assert.equal(lines[1], '*How does the story begin?*');
      const second = lines.find((line) => line.startsWith('2  '))!.slice(3);
      const bob = new Person(slack, 'bob');
      assert.equal(
        await harness.ephemeralReply(bob.press(message, '2')),
        'Only the user who asked for this story can choose how it begins.',
      );
      await harness.restart();
      const old = { ...message };
      // A double click.
      ann.press({ ...message }, '2');
      ann.press({ ...message }, '2');
      const story = await grown(message);
      const text = textOf(story);
      assert.ok(text.replace(/\s+/g, ' ').startsWith(`On the red moon ${second}`), `${text} | ${second}`);
      assert.match(smallPrintOf(story), / · seed 41 · /);
      assert.match(
        await harness.ephemeralReply(ann.press(old, '3')),
        /^The beginning of this story is chosen already/,
      );
      assert.equal([...channel.messages.values()].filter(({ isBots }) => isBots).length, 1);
      ann.press(story, 'Delete');
      await until(() => story.isDeleted, 'its deletion', PATIENCE_MS);
    });
  });
}

describe('openings to choose from on Slack', { timeout: 300_000 }, () => {
  let harness: SlackHarness;

  before(async () => {
    harness = await openSlack({ isEmbedded: true, allowance: 100, pace: 900 });
  });
  after(() => harness.close());

  it('come in a direct message where the story is private', async () => {
    const { ann, slack, channel } = harness;
    const told = await harness.command(ann, channel, '/scifi', 'private choices:3 A robot length=200');
    assert.equal(told, 'Your story is in our direct messages, where only you see it.');
    const key = `${slack.workspace.id}/${ann.user.id}`;
    const direct = await until(() => slack.world.directs.get(key), 'a direct message');
    const message = await openChoice(direct);
    ann.press(message, '1');
    assert.ok(textOf(await grown(message)).startsWith('A robot'));
    assert.equal(channel.messages.size, 0);
  });

  it('expire with a sentence where none is chosen', async () => {
    const { ann, slack } = harness;
    const { id: channelId, messages } = harness.channelOf();
    const { id: teamId, bot } = slack.workspace;
    const request = {
      prompt: 'A robot',
      context: '',
      temperature: 0.4,
      length: 400,
      seed: 7,
      model: 'scifi',
    };
    await harness.bot.votes.start('vote-1', {
      terms: { ...openingsOf(request), seconds: 1 },
      requester: { person: `slack:${teamId}:${ann.user.id}` },
      hostId: ann.user.id,
      channelId: `${teamId}-${channelId}`,
      address: { teamId, channelId, botUserId: bot.id, at: Date.now() },
    });
    const isExpired = (message: FakeMessage) =>
      smallPrintOf(message).startsWith('Nothing was chosen in time');
    const message = await until(() => [...messages.values()].find(isExpired), 'the end', PATIENCE_MS);
    assert.equal(textOf(message), 'A robot');
    assert.deepEqual(labelsOf(message), []);
    assert.equal(messages.size, 1);
  });

  it('are refused where the bot is not, without words, and in another number', async () => {
    const { ann, channel } = harness;
    const closed = harness.channelOf();
    closed.isMember = false;
    const absent = await harness.command(ann, closed, '/scifi', 'A robot choices=3');
    assert.match(absent, /^I may not write here\. Type \/invite/);
    const wordless = await harness.command(ann, channel, '/scifi', ':rocket: choices=3');
    assert.match(wordless, /^There are no words in that opening/);
    const five = await harness.command(ann, channel, '/scifi', 'A robot choices=5');
    assert.equal(five, 'There are always 3 choices: write choices=3.');
  });

  it('are asked for by an option, and by no other word', () => {
    for (const text of ['A robot choices=3', 'choices:3 A robot', 'A choices=3, robot']) {
      assert.equal(asksForChoices(text), true, text);
      assert.match(withoutChoices(text), /^A robot$|^A robot$/);
    }
    for (const text of ['Two choices: die or live', 'choices', 'He had choices=', 'mychoices=3']) {
      assert.equal(asksForChoices(text) && text !== 'He had choices=', false, text);
    }
    assert.throws(() => withoutChoices('He had choices='), /The choices is empty; give a number/);
  });
});
