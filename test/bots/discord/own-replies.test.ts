import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { DiscordHandle } from '../../../src/bots/discord/surface.ts';
import { editedId, UNDELETABLE } from '../../../src/bots/ownership.ts';
import type { ReplyJobData } from '../../../src/queue/reply-worker.ts';
import type { ReplyState } from '../../../src/story/story.ts';
import { initialValues } from '../../fakes/discord/modals.ts';
import { Person } from '../../fakes/discord/people.ts';
import type { FakeChannel, FakeInteraction, FakeMessage } from '../../fakes/discord/world.ts';
import { ALL_PERMISSIONS, PERMISSION } from '../../fakes/discord/world.ts';
import {
  type DiscordHarness,
  EPHEMERAL,
  ephemeralReply,
  finished,
  isOver,
  LONG_OPENING,
  labelsOf,
  openDiscord,
  textOf,
} from '../../harness/discord.ts';
import { until } from '../../helpers/programs.ts';

/** The messages that users see in a channel. */
function seenIn(channel: FakeChannel): FakeMessage[] {
  return [...channel.messages.values()].filter(({ deleted, flags }) => !deleted && !(flags & EPHEMERAL));
}

describe('a reply on Discord, by its owner', { timeout: 240_000, concurrency: true }, () => {
  let harness: DiscordHarness;

  before(async () => {
    harness = await openDiscord({ isEmbedded: true, pace: 900, editIntervalMs: 250 });
  });
  after(() => harness.close());

  const jobOf = async (id: string) => {
    const queue = harness.connection.queue<ReplyJobData<DiscordHandle>, ReplyState>('replies-discord');
    try {
      return await queue.getJob(id);
    } finally {
      await queue.close();
    }
  };
  /** Removes a record, as retention does. */
  const drop = (id: string) =>
    until(async () => {
      const queue = harness.connection.queue('replies-discord');
      return queue.remove(id).finally(() => queue.close());
    }, 'the end of the reply');
  const isForgotten = (id: string) =>
    until(async () => (await jobOf(id)) === undefined, 'the end of what is kept');

  it('is deleted with all its messages and what is kept of it', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const interaction = ann.slash(channel, 'scifi', { prompt: LONG_OPENING, length: 6_000, seed: 3 });
    const messages = await finished(interaction);
    assert.ok(messages.length >= 3);
    assert.ok(await jobOf(`i${interaction.id}`));
    ann.press(messages.at(-1)!, 'Delete');
    await until(() => seenIn(channel).length === 0, 'the end of the messages');
    await isForgotten(`i${interaction.id}`);
    const stories = harness.connection.queue('stories');
    assert.equal(await stories.getJob(`discord-i${interaction.id}`), undefined);
    await stories.close();
  });

  it('is deleted with all its messages when nothing is kept of it any more', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const interaction = ann.slash(channel, 'scifi', { prompt: 'Long ago', length: 4_200, seed: 3 });
    const messages = await finished(interaction);
    await drop(`i${interaction.id}`);
    ann.press(messages.at(-1)!, 'Delete');
    await until(() => seenIn(channel).length === 0, 'the end of the messages');
  });

  it('is stopped first while it is written', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const interaction = ann.slash(channel, 'scifi', { prompt: 'Not this', length: 6_000 });
    const message = await until(() => interaction.original, 'an acknowledgement');
    await until(() => textOf([message]).length > 50, 'a growing text');
    assert.deepEqual(labelsOf(message), ['Stop', 'Delete']);
    ann.press(message, 'Delete');
    await until(() => message.deleted, 'the end of the message');
    await isForgotten(`i${interaction.id}`);
    assert.deepEqual(seenIn(channel), []);
  });

  it('is deleted by its author or a moderator only', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const bob = new Person(discord, 'bob');
    const [message] = await finished(ann.slash(channel, 'scifi', { prompt: 'Mine', length: 120 }));
    const refused = bob.press(message!, 'Delete');
    assert.equal(
      await ephemeralReply(refused),
      'Only the user who asked for this story, or a moderator, can delete it.',
    );
    assert.ok(!message!.deleted);
    bob.permissions |= PERMISSION.manageMessages;
    bob.press(message!, 'Delete');
    await until(() => message!.deleted, 'the end of the message');
  });

  it('that continues a story is taken back by Undo, and the story stays', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const [story] = await finished(ann.slash(channel, 'scifi', { prompt: 'It all began', length: 120 }));
    const [continuation] = await finished(ann.press(story!, 'Continue'));
    assert.deepEqual(labelsOf(continuation!).slice(-6, -2), ['My line', 'Vote', 'Edit', 'Undo']);
    ann.press(continuation!, 'Undo');
    await until(() => continuation!.deleted, 'the end of the message');
    assert.deepEqual(seenIn(channel), [story]);
    // It can be continued again.
    assert.notEqual(textOf(await finished(ann.press(story!, 'Continue'))), '');
  });

  it('is deleted where the bot is no member, and may only answer', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const guest = { isInstalled: false };
    const interaction = ann.slash(channel, 'scifi', { prompt: 'As a guest', length: 120 }, guest);
    const [message] = await finished(interaction);
    discord.world.allow(channel, 0n);
    ann.press(message!, 'Delete', false);
    await until(() => message!.deleted, 'the end of the message');
    await isForgotten(`i${interaction.id}`);
  });

  it('loses what is kept where its messages may not be deleted, and its author is told', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const interaction = ann.slash(channel, 'scifi', { prompt: 'Long ago', length: 4_200, seed: 3 });
    const messages = await finished(interaction);
    discord.world.allow(channel, ALL_PERMISSIONS & ~PERMISSION.viewChannel);
    const press = ann.press(messages.at(-1)!, 'Delete');
    await isForgotten(`i${interaction.id}`);
    const told = await until(() => press.followUps[0], 'a sentence');
    assert.equal(told.content, UNDELETABLE);
    assert.equal(told.flags, EPHEMERAL);
  });

  const formOf = (interaction: FakeInteraction) => until(() => interaction.modal, 'a form');

  it('is written anew in its place by Edit, from the request as it was asked', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const ask = { prompt: 'What the fuck, said the ship,', length: 4_200, seed: 3, temperature: 0.3 };
    const interaction = ann.slash(channel, 'scifi', ask);
    const messages = await finished(interaction);
    const edit = ann.press(messages.at(-1)!, 'Edit');
    assert.deepEqual(initialValues(await formOf(edit)), {
      opening: ask.prompt,
      sampling: 'classic 0.3',
      length: '4200',
      seed: '3',
      model: 'scifi',
    });
    const [first] = messages;
    ann.fill(edit, { opening: 'Once upon a time', sampling: 'wild', length: '150', seed: '' });
    const isNew = () => textOf([first!]).startsWith('Once upon a time') && isOver(first!);
    await until(isNew, 'the new story');
    assert.deepEqual(seenIn(channel), [first]);
    assert.match(first!.content, / · wild · seed (?!3 )/);
    assert.equal(await jobOf(`i${interaction.id}`), undefined);
    // The new reply has the same owner, and is edited again.
    const again = ann.press(first!, 'Edit');
    assert.equal(initialValues(await formOf(again)).opening, 'Once upon a time');
    ann.fill(again, { opening: 'Twice', length: '4200' });
    await until(() => seenIn(channel).length > 1 && isOver(seenIn(channel).at(-1)!), 'a long story');
    assert.ok(textOf(seenIn(channel)).startsWith('Twice'));
  });

  it('that continues a story is edited, also when nothing is kept of it any more', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const [story] = await finished(ann.slash(channel, 'scifi', { prompt: 'It all began', length: 120 }));
    const press = ann.press(story!, 'Continue');
    const [continuation] = await finished(press);
    await drop(`i${press.id}`);
    const edit = ann.press(continuation!, 'Edit');
    assert.deepEqual(
      { ...initialValues(await formOf(edit)), seed: '' },
      {
        opening: '',
        sampling: 'lively',
        length: '120',
        seed: '',
        model: 'scifi',
      },
    );
    ann.fill(edit, { length: '140', sampling: 'calm' });
    await until(() => continuation!.content.includes(' · calm · ') && isOver(continuation!), 'the new story');
    const id = editedId(`i${press.id}`);
    assert.match((await jobOf(id))!.data.request.context, /^It all began/);
    assert.equal(labelsOf(continuation!).at(-3), 'Undo');
  });

  it('is edited once when two forms are sent, and by its owner or a moderator only', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const bob = new Person(discord, 'bob');
    const [message] = await finished(ann.slash(channel, 'scifi', { prompt: 'Mine', length: 120 }));
    const refused = bob.press(message!, 'Edit');
    assert.match(
      await ephemeralReply(refused),
      /^Only the user who asked for this story, or a moderator, can edit/,
    );
    bob.permissions |= PERMISSION.manageMessages;
    const [one, other] = [ann.press(message!, 'Edit'), bob.press(message!, 'Edit')];
    await Promise.all([formOf(one), formOf(other)]);
    ann.fill(one, { opening: 'By Ann', length: '400' });
    bob.fill(other, { opening: 'By Bob', length: '400' });
    await until(() => /^By (?:Ann|Bob)/.test(textOf([message!])) && isOver(message!), 'the new story');
    const opening = message!.content.slice(0, 6);
    assert.ok(
      message!.history.every(
        ({ content }) => !content.startsWith(opening === 'By Ann' ? 'By Bob' : 'By Ann'),
      ),
    );
    // It is still Ann's.
    ann.press(message!, 'Delete');
    await until(() => message!.deleted, 'the end of the message');
  });

  it('stays as it is when the form is refused', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const [message] = await finished(ann.slash(channel, 'scifi', { prompt: 'As it was', length: 120 }));
    const shown = message!.content;
    const cases: [Record<string, string>, RegExp][] = [
      [{ opening: '🚀' }, /^There are no words in that opening, so nothing was changed/],
      [{ length: 'many' }, /^The length is “many”; give a number/],
      [{ seed: '-1' }, /^The seed is -1; give a whole number/],
      [{ opening: 'All the w0ps' }, /^I do not write on from one of the words/],
    ];
    for (const [values, sentence] of cases) {
      const edit = ann.press(message!, 'Edit');
      await formOf(edit);
      assert.match(await ephemeralReply(ann.fill(edit, values)), sentence);
    }
    assert.equal(message!.content, shown);
  });

  it('is edited where the bot is no member, and may only answer', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const guest = { isInstalled: false };
    const [message] = await finished(
      ann.slash(channel, 'scifi', { prompt: 'As a guest', length: 120 }, guest),
    );
    discord.world.allow(channel, 0n);
    const edit = ann.press(message!, 'Edit', false);
    await formOf(edit);
    ann.fill(edit, { opening: 'Edited as a guest' });
    await until(
      () => textOf([message!]).startsWith('Edited as a guest') && isOver(message!),
      'the new story',
    );
    assert.equal(channel.messages.size, 1);
  });

  it('goes on from a line of any user', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const bob = new Person(discord, 'bob');
    const [story] = await finished(
      ann.slash(channel, 'scifi', { prompt: 'It all began', length: 120, seed: 5 }),
    );
    const press = bob.press(story!, 'My line');
    assert.deepEqual(initialValues(await formOf(press)), { line: '' });
    const sent = bob.fill(press, { line: 'Then the fucking door opened, and' });
    const [next] = await finished(sent);
    assert.ok(textOf([next!]).startsWith('Then the f'), textOf([next!]));
    assert.doesNotMatch(next!.content, /fucking/);
    const { request, handle } = (await jobOf(`i${sent.id}`))!.data;
    assert.equal(request.prompt, 'Then the fucking door opened, and');
    assert.equal(request.context, `${textOf([story!])} `);
    assert.equal(handle.source, story!.id);
    for (const line of ['🚀', 'All the w0ps']) {
      const other = bob.press(story!, 'My line');
      await formOf(other);
      assert.match(
        await ephemeralReply(bob.fill(other, { line })),
        /^There are no words in that line|^I do not write/,
      );
    }
  });
});
