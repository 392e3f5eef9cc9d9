import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { UNDELETABLE } from '../../../src/bots/ownership.ts';
import type { SlackHandle } from '../../../src/bots/slack/conversations.ts';
import type { ReplyJobData } from '../../../src/queue/reply-worker.ts';
import type { ReplyState } from '../../../src/story/story.ts';
import type { Delivery } from '../../fakes/slack/delivery.ts';
import { Person } from '../../fakes/slack/people.ts';
import { initialValues } from '../../fakes/slack/views.ts';
import type { FakeChannel, FakeMessage } from '../../fakes/slack/world.ts';
import {
  finished,
  isOver,
  labelsOf,
  openSlack,
  type SlackHarness,
  smallPrintOf,
  textOf,
} from '../../harness/slack.ts';
import { until } from '../../helpers/programs.ts';

function seenIn(channel: FakeChannel): FakeMessage[] {
  return [...channel.messages.values()].filter(({ isDeleted }) => !isDeleted);
}

describe('a reply on Slack, by its owner', { timeout: 240_000, concurrency: true }, () => {
  let harness: SlackHarness;

  before(async () => {
    harness = await openSlack({ isEmbedded: true, allowance: 100, pace: 900 });
  });
  after(() => harness.close());

  const kept = async (state: 'completed' | 'active' | 'wait', text: string) => {
    const queue = harness.connection.queue<ReplyJobData<SlackHandle>, ReplyState>('replies-slack');
    const jobs = await queue.getJobs([state]);
    await queue.close();
    return jobs.filter((job) => JSON.stringify(job.data).includes(text));
  };

  it('is deleted with what is kept of it', async () => {
    const { ann } = harness;
    const channel = harness.channelOf();
    ann.slash(channel, '/scifi', 'Unwanted words length=120');
    const message = await finished(channel);
    assert.deepEqual(labelsOf(message), [
      'Continue',
      'Another',
      'Warmer',
      'Cooler',
      'My line',
      'Vote',
      'Edit',
      'Delete',
    ]);
    await until(async () => (await kept('completed', 'Unwanted words')).length === 1, 'its record');
    ann.press(message, 'Delete');
    await until(() => message.isDeleted, 'the end of the message');
    await until(
      async () => (await kept('completed', 'Unwanted words')).length === 0,
      'the end of what is kept',
    );
  });

  it('is stopped first while it is written', async () => {
    const { ann } = harness;
    const channel = harness.channelOf();
    ann.slash(channel, '/scifi', 'Not this length=6000');
    const message = await until(() => seenIn(channel)[0], 'a message');
    await until(() => textOf(message).length > 50, 'a growing text');
    assert.deepEqual(labelsOf(message), ['Stop', 'Delete']);
    ann.press(message, 'Delete');
    await until(() => message.isDeleted, 'the end of the message');
    assert.deepEqual(seenIn(channel), []);
  });

  it('is deleted by its author or an administrator only', async () => {
    const { ann, slack } = harness;
    const channel = harness.channelOf();
    const bob = new Person(slack, 'bob');
    ann.slash(channel, '/scifi', 'Mine length=120');
    const message = await finished(channel);
    assert.equal(
      await harness.ephemeralReply(bob.press(message, 'Delete')),
      'Only the user who asked for this story, or a moderator, can delete it.',
    );
    assert.ok(!message.isDeleted);
    slack.world.administrators.add(bob.user.id);
    bob.press(message, 'Delete');
    await until(() => message.isDeleted, 'the end of the message');
  });

  it('that continues a story is taken back by Undo, and the story stays', async () => {
    const { ann } = harness;
    const channel = harness.channelOf();
    ann.slash(channel, '/scifi', 'It all began length=120');
    const story = await finished(channel);
    ann.press(story, 'Continue');
    const continuation = await finished(channel, (message) => message !== story);
    assert.deepEqual(labelsOf(continuation).slice(-4), ['My line', 'Vote', 'Edit', 'Undo']);
    ann.press(continuation, 'Undo');
    await until(() => continuation.isDeleted, 'the end of the message');
    assert.deepEqual(seenIn(channel), [story]);
  });

  it('loses what is kept where its message may not be deleted, and its author is told', async () => {
    const { ann } = harness;
    const channel = harness.channelOf();
    ann.slash(channel, '/scifi', 'Archived words length=120');
    const message = await finished(channel);
    channel.isArchived = true;
    const press = ann.press(message, 'Delete');
    assert.equal(await harness.ephemeralReply(press), UNDELETABLE);
    await until(
      async () => (await kept('completed', 'Archived words')).length === 0,
      'the end of what is kept',
    );
  });

  const formOf = (delivery: Delivery) => until(() => harness.ann.viewAfter(delivery), 'a form');
  /** The refusal in a form; undefined when it was accepted. */
  const refusalIn = async (delivery: Delivery) => {
    await delivery.done;
    return (delivery.response as { errors?: Record<string, string> } | undefined)?.errors;
  };

  it('is written anew in its place by Edit, from the request as it was asked', async () => {
    const { ann } = harness;
    const channel = harness.channelOf();
    ann.slash(channel, '/scifi', 'What the fuck, said <b> & co length=160 seed=3 temp=0.3');
    const message = await finished(channel);
    const edit = ann.press(message, 'Edit');
    assert.deepEqual(initialValues(await formOf(edit)), {
      opening: 'What the fuck, said <b> & co',
      sampling: 'classic 0.3',
      length: '160',
      seed: '3',
      model: 'scifi',
    });
    const values = { opening: 'Once upon <a> time', sampling: 'wild', length: '150', seed: '' };
    assert.equal(await refusalIn(ann.fill(edit, values)), undefined);
    await until(() => textOf(message).startsWith('Once upon <a> time') && isOver(message), 'the new story');
    assert.deepEqual(seenIn(channel), [message]);
    assert.match(smallPrintOf(message), / · wild · seed (?!3 )/);
    assert.equal((await kept('completed', 'What the fuck')).length, 0);
    // The new reply has the same owner, and is deleted.
    ann.press(message, 'Delete');
    await until(() => message.isDeleted, 'the end of the message');
  });

  it('is edited by its author or an administrator only, also when nothing is kept of it', async () => {
    const { ann, slack, connection } = harness;
    const channel = harness.channelOf();
    const bob = new Person(slack, 'bob');
    ann.slash(channel, '/scifi', 'Ann wrote length=120 seed=4');
    const message = await finished(channel);
    const sentence = await harness.ephemeralReply(bob.press(message, 'Edit'));
    assert.equal(sentence, 'Only the user who asked for this story, or a moderator, can edit it.');
    await until(async () => (await kept('completed', 'Ann wrote')).length === 1, 'its record');
    const queue = connection.queue('replies-slack');
    for (const job of await kept('completed', 'Ann wrote')) await queue.remove(job.id!);
    await queue.close();
    slack.world.administrators.add(bob.user.id);
    const edit = bob.press(message, 'Edit');
    assert.equal(initialValues(await formOf(edit)).opening, 'Ann wrote');
    bob.fill(edit, { opening: 'Bob edits' });
    await until(() => textOf(message).startsWith('Bob edits') && isOver(message), 'the new story');
    ann.press(message, 'Delete');
    await until(() => message.isDeleted, 'the end of the message');
  });

  it('stays as it is when the form is refused, which says why', async () => {
    const { ann } = harness;
    const channel = harness.channelOf();
    ann.slash(channel, '/scifi', 'As it was length=120');
    const message = await finished(channel);
    const shown = JSON.stringify(message.blocks);
    const edit = ann.press(message, 'Edit');
    await formOf(edit);
    const cases: [Record<string, string>, RegExp][] = [
      [{ opening: ':rocket:' }, /^There are no words in that opening, so nothing was changed/],
      [{ length: 'many' }, /^The length is “many”; give a number/],
      [{ opening: 'All the w0ps' }, /^I do not write on from one of the words/],
    ];
    for (const [values, sentence] of cases) {
      assert.match((await refusalIn(ann.fill(edit, values)))!.opening!, sentence);
    }
    assert.equal(JSON.stringify(message.blocks), shown);
  });

  it('goes on from a line of any user', async () => {
    const { ann, slack } = harness;
    const channel = harness.channelOf();
    const bob = new Person(slack, 'bob');
    ann.slash(channel, '/scifi', 'It all began length=120');
    const story = await finished(channel);
    const press = bob.press(story, 'My line');
    await formOf(press);
    assert.match(
      (await refusalIn(bob.fill(press, { line: ':rocket:' })))!.line!,
      /^There are no words in that/,
    );
    bob.fill(press, { line: 'Then the door & the <wall> opened, and' });
    const next = await finished(channel, (message) => message !== story);
    assert.ok(textOf(next).startsWith('Then the door & the <wall> opened, and '), textOf(next));
    await until(async () => (await kept('completed', 'Then the door')).length === 1, 'its record');
    const [job] = await kept('completed', 'Then the door');
    assert.equal(job!.data.request.context, `${textOf(story)} `);
    assert.equal(labelsOf(next).at(-1), 'Undo');
  });
});

describe('a streamed reply on Slack, by its owner', { timeout: 240_000 }, () => {
  it('is deleted with the message above it, also when nothing is kept of it any more', async () => {
    const harness = await openSlack({
      isEmbedded: true,
      allowance: 100,
      settings: () => ({ reply: 'stream' }),
    });
    try {
      const { ann, connection } = harness;
      const queue = connection.queue('replies-slack');
      for (const isKept of [true, false]) {
        const channel = harness.channelOf();
        ann.slash(channel, '/scifi', 'In a thread length=900');
        const story = await finished(channel, ({ threadTs }) => threadTs !== undefined);
        assert.equal(seenIn(channel).length, 2);
        await until(async () => (await queue.getJobs(['completed'])).length === 1, 'the end of the reply');
        if (!isKept) for (const job of await queue.getJobs(['completed'])) await job.remove();
        ann.press(story, 'Delete');
        await until(() => seenIn(channel).length === 0, 'the end of the messages');
        await until(async () => (await queue.getJobs(['completed'])).length === 0, 'the end of what is kept');
      }
      await queue.close();
    } finally {
      await harness.close();
    }
  });
});
