/** Votes that go on from a story, openings to choose from, and what becomes of their stories, on Discord. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { readPart } from '../../../src/bots/discord/message-format.ts';
import type { DiscordHandle } from '../../../src/bots/discord/surface.ts';
import type { ReplyJobData } from '../../../src/queue/reply-worker.ts';
import { Shares } from '../../../src/queue/shares.ts';
import { wholeText } from '../../../src/share/share.ts';
import type { ReplyState } from '../../../src/story/story.ts';
import { openingsOf } from '../../../src/story/vote.ts';
import { initialValues } from '../../fakes/discord/modals.ts';
import { Person } from '../../fakes/discord/people.ts';
import type { FakeChannel, FakeInteraction, FakeMessage } from '../../fakes/discord/world.ts';
import { PUBLIC_URL, withoutTitles } from '../../harness/chat.ts';
import {
  assertBoxed,
  botsMessages,
  type DiscordHarness,
  ephemeralReply,
  finished,
  isEphemeral,
  isOver,
  labelsOf,
  openDiscord,
  smallPrintOf,
  textOf,
} from '../../harness/discord.ts';
import { PATIENCE_MS, until } from '../../helpers/programs.ts';

const BEGINS = /^The vote begins below/;
const OFFERED = 'Three ways to begin come below. The one that you choose becomes the story.';

/** The message of a channel whose first buttons are these. */
function showing(channel: FakeChannel, ...labels: string[]): Promise<FakeMessage> {
  const is = (one: FakeMessage) => labelsOf(one).slice(0, labels.length).join() === labels.join();
  return until(() => botsMessages(channel).find(is), labels.join(), PATIENCE_MS);
}

const openVote = (channel: FakeChannel) => showing(channel, '1', '2', '3', 'Close this round');
const openChoice = (channel: FakeChannel) => showing(channel, '1', '2', '3', 'Delete');
const chosenStory = (channel: FakeChannel) => showing(channel, 'Continue', 'My line', 'Vote');

/** The story that an opening has become, in its message. */
async function grown(message: FakeMessage): Promise<FakeMessage> {
  await until(() => isOver(message), 'the end of the chosen story', PATIENCE_MS);
  return message;
}

/** The choices of an open round. */
function choicesIn({ content }: FakeMessage): string[] {
  return [...content.matchAll(/\*\*[123]\*\* {2}(.*)/g)].map(([, choice]) => choice!);
}

describe('stories of votes on Discord', { timeout: 300_000 }, () => {
  let harness: DiscordHarness;
  let shares: Shares;

  before(async () => {
    harness = await openDiscord({ publicUrl: PUBLIC_URL, isEmbedded: true, pace: 900, editIntervalMs: 250 });
    shares = new Shares(harness.connection);
    await shares.ready();
  });
  after(async () => {
    await shares.close();
    await harness.close();
  });

  const jobOf = async (id: string) => {
    const queue = harness.connection.queue<ReplyJobData<DiscordHandle>, ReplyState>('replies-discord');
    return queue.getJob(id).finally(() => queue.close());
  };
  const tell = async (channel: FakeChannel): Promise<FakeMessage> => {
    const asked = { prompt: 'On the red moon', length: 160, preset: 'wild' };
    return (await finished(harness.ann.slash(channel, 'scifi', asked))).at(-1)!;
  };
  /** Presses Vote, and sends the form. */
  const startVote = async (who: Person, story: FakeMessage, values = {}): Promise<FakeInteraction> => {
    const press = who.press(story, 'Vote');
    await until(() => press.modal, 'a form');
    return who.fill(press, values);
  };

  it('go on from a story of any user, whose text the network reads but does not repeat', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const bob = new Person(discord, 'bob');
    const story = await tell(channel);
    assert.deepEqual(labelsOf(story).slice(-7), [
      'My line',
      'Vote',
      'Edit',
      'Delete',
      'Share',
      'Like',
      'Dislike',
    ]);
    const press = bob.press(story, 'Vote');
    const form = await until(() => press.modal, 'a form');
    assert.deepEqual(initialValues(form), { rounds: '5', seconds: '60' });
    assert.match(
      await ephemeralReply(bob.fill(press, { seconds: '5' })),
      /^The seconds are a whole number from 15 to 600; got 5/,
    );
    const sent = await startVote(bob, story, { rounds: '1', seconds: '600' });
    assert.match(await ephemeralReply(sent), BEGINS);
    const message = await openVote(channel);
    assert.match(message.content, /-# Round 1 of 1 · no votes yet/);
    const before = textOf([story]);
    assert.ok(message.content.includes(before.trim().slice(-60)), message.content);
    assert.match(
      await ephemeralReply(await startVote(ann, story)),
      /^There is a vote in this channel already/,
    );
    assert.match(
      await ephemeralReply(ann.press(message, 'Close this round')),
      /^Only the user who started this vote/,
      'the host is the user who pressed the button',
    );
    const [, second] = choicesIn(message);
    ann.press(message, '2');
    await showing(channel, '1', '2 (1)', '3');
    bob.press(message, 'Close this round');
    const end = await chosenStory(channel);
    assert.equal(end.id, message.id);
    assertBoxed(end);
    assert.equal(readPart(end.content).text, second);
    assert.match(smallPrintOf(end), /^Chosen with 1 vote in 1 round · .* · wild · seed /);
    assert.deepEqual(withoutTitles(labelsOf(end)), [
      'Continue',
      'My line',
      'Vote',
      'Undo',
      'Share',
      'Like',
      'Dislike',
    ]);
    const { request, handle } = (await jobOf(`vote-${sent.id}`))!.data;
    assert.deepEqual([request.context, request.prompt, request.preset], [before, '', 'wild']);
    assert.deepEqual([handle.userId, handle.source], [bob.user.id, story.id]);

    // A vote goes on from a vote.
    assert.match(await ephemeralReply(await startVote(ann, end, { rounds: '2' })), BEGINS);
    const next = await openVote(channel);
    assert.ok(next.content.includes(second!.slice(-20)), next.content);
    ann.press(next, 'The end');
    await until(() => labelsOf(next).includes('Undo'), 'its end', PATIENCE_MS);
  });

  it('are in the book, on a page, rated and deleted as any other', async () => {
    const { ann, discord, feedback } = harness;
    const channel = discord.world.addChannel();
    const bob = new Person(discord, 'bob');
    const story = await tell(channel);
    await ephemeralReply(await startVote(ann, story, { rounds: '1' }));
    const message = await openVote(channel);
    bob.press(message, '1');
    await showing(channel, '1 (1)', '2', '3');
    ann.press(message, 'Close this round');
    const end = await chosenStory(channel);
    const text = readPart(end.content).text;

    const asked = bob.slash(channel, 'scifi-book', { format: 'text' });
    assert.match(await ephemeralReply(asked), /^A book of one story of this channel/);
    const [file] = [...asked.followUps, ...(asked.original ? [asked.original] : [])].flatMap(
      ({ files }) => files,
    );
    const book = new TextDecoder().decode(file!.bytes);
    assert.ok(book.includes(text), book);

    assert.match(await ephemeralReply(bob.press(end, 'Share')), /^Only the user who asked for this story/);
    const told = await ephemeralReply(ann.press(end, 'Share'));
    const id = /\/s\/([\w-]{27})/.exec(told)?.[1];
    assert.ok(id, told);
    const share = await shares.read(id);
    assert.equal(share?.parts.length, 2, 'the story and what the channel chose');
    assert.ok(wholeText(share).endsWith(text));

    assert.match(await ephemeralReply(bob.press(end, 'Like')), /^You like this story/);
    const votes = (await feedback.counts()).filter(({ preset }) => preset === 'wild');
    assert.deepEqual(
      votes.map(({ verdict, votes: count, modelVersion }) => [verdict, count, modelVersion]),
      [['liked', 1, 'fake-1']],
    );
    const store = await harness.connection.votes();
    const kept = async () => (await store.list(Number.MAX_SAFE_INTEGER)).length;
    const before = await kept();
    ann.press(end, 'Undo');
    await until(() => end.deleted, 'its deletion', PATIENCE_MS);
    await until(async () => (await shares.read(id)) === undefined, 'the end of the page', PATIENCE_MS);
    await until(async () => (await kept()) === before - 1, 'the end of the record', PATIENCE_MS);
  });

  it('need a channel in which the bot may write, and a user who is not blocked', async () => {
    const { ann, discord, blocks } = harness;
    const channel = discord.world.addChannel();
    const story = await tell(channel);
    const guest = ann.press(story, 'Vote', false);
    assert.match(await ephemeralReply(guest), /^A vote needs a channel in which I may write/);
    const hidden = ann.slash(channel, 'scifi', { prompt: 'A robot', length: 120, private: true });
    const [own] = await finished(hidden);
    assert.ok(!labelsOf(own!).includes('Vote'));
    const eve = new Person(discord, 'eve');
    await blocks.add({ platform: 'discord', kind: 'user', id: eve.user.id, setIn: discord.world.guild.id });
    const refused = eve.press(story, 'Vote');
    assert.match(await ephemeralReply(refused), /./);
    assert.equal(refused.modal, undefined);
  });
});

describe('openings to choose from on Discord', { timeout: 300_000 }, () => {
  let harness: DiscordHarness;

  before(async () => {
    harness = await openDiscord({ isEmbedded: true, pace: 900, editIntervalMs: 250 });
  });
  after(() => harness.close());

  const ask = async (options = {}): Promise<{ channel: FakeChannel; message: FakeMessage }> => {
    const channel = harness.discord.world.addChannel();
    const asked = { prompt: 'On the *red* moon', length: 400, seed: 40, choices: 3, ...options };
    assert.equal(await ephemeralReply(harness.ann.slash(channel, 'scifi', asked)), OFFERED);
    return { channel, message: await openChoice(channel) };
  };

  it('are offered to their requester alone, and the chosen one is the beginning of the story of its seed', async () => {
    const { ann, discord } = harness;
    const { channel, message } = await ask();
    assert.match(
      message.content,
      /^On the \\\*red\\\* moon\n\n\*\*How does the story begin\?\*\*\n\*\*1\*\* {2}\S/,
    );
    assert.match(message.content, /-# Only the user who asked can choose · ends <t:\d+:R>$/);
    assert.deepEqual(labelsOf(message), ['1', '2', '3', 'Delete']);
    const choices = choicesIn(message);
    assert.equal(new Set(choices).size, 3);
    const bob = new Person(discord, 'bob');
    assert.equal(
      await ephemeralReply(bob.press(message, '2')),
      'Only the user who asked for this story can choose how it begins.',
    );
    assert.match(
      await ephemeralReply(bob.press(message, 'Delete')),
      /^Only the user who asked for this story, or a mod/,
    );
    const old = { ...message, components: message.components };
    // A double click.
    const presses = [ann.press(message, '2'), ann.press(message, '2')];
    const story = await grown(message);
    assert.ok(presses.some(({ callbackType }) => callbackType === 6));
    const text = textOf([story]);
    assert.ok(text.startsWith('On the *red* moon'), text);
    assert.ok(text.replace(/\s+/g, ' ').includes(choices[1]!.trim()), `${text} | ${choices[1]}`);
    assert.match(smallPrintOf(story), / · seed 41 · /);
    assertBoxed(story);
    const same = { prompt: 'On the *red* moon', length: 400, seed: 41 };
    const [again] = await finished(ann.slash(channel, 'scifi', same));
    assert.equal(textOf([again!]), text, 'the same seed writes the same story');
    assert.match(await ephemeralReply(ann.press(old, '3')), /^The beginning of this story is chosen already/);
    const posted = botsMessages(channel).filter((one) => !isEphemeral(one));
    assert.equal(posted.length, 2, 'one message shows the openings and the story');
    ann.press(story, 'Delete');
    await until(() => story.deleted, 'its deletion', PATIENCE_MS);
  });

  it('wait for their requester across a restart, and can be deleted', async () => {
    const { ann } = harness;
    const { message } = await ask({ seed: 50 });
    const { message: other } = await ask({ seed: 60 });
    await harness.restart();
    ann.press(message, '3');
    const story = await grown(message);
    assert.match(smallPrintOf(story), / · seed 52 · /);
    ann.press(other, 'Delete');
    await until(() => other.deleted, 'its deletion', PATIENCE_MS);
  });

  it('expire with a sentence where none is chosen', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
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
      requester: { person: `discord:${ann.user.id}` },
      hostId: ann.user.id,
      channelId: channel.id,
      address: { channelId: channel.id, inChannel: true, format: 'container' },
    });
    const isExpired = ({ content }: FakeMessage) => content.includes('Nothing was chosen in time');
    const message = await until(() => botsMessages(channel).find(isExpired), 'the end', PATIENCE_MS);
    assert.match(
      message.content,
      /^A robot\n-# Nothing was chosen in time, so there is no story\. Ask for one again/,
    );
    assert.deepEqual(labelsOf(message), []);
    assert.equal(botsMessages(channel).length, 1);
  });

  it('are refused in private and where the bot may not write', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const asked = { prompt: 'A robot', choices: 3 };
    const hidden = ann.slash(channel, 'scifi', { ...asked, private: true });
    assert.match(await ephemeralReply(hidden), /^Choices need a channel in which I may write/);
    const guest = ann.slash(channel, 'scifi', asked, { isInstalled: false });
    assert.match(await ephemeralReply(guest), /^Choices need a channel/);
    const empty = ann.slash(channel, 'scifi', { ...asked, prompt: '🚀' });
    assert.match(await ephemeralReply(empty), /^There are no words in that opening/);
  });
});

describe('openings and the limits on Discord', { timeout: 300_000 }, () => {
  it('are one story of their requester, which is under way again when it is written on', async () => {
    const harness = await openDiscord({
      isEmbedded: true,
      pace: 900,
      editIntervalMs: 250,
      isHeld: ({ prompt, length }) => prompt === 'Held' && length > 400,
      allowed: { person: { running: 1, waiting: 2, hourly: 2 } },
    });
    try {
      const { ann, channel } = harness;
      await ephemeralReply(ann.slash(channel, 'scifi', { prompt: 'A ship', length: 300, choices: 3 }));
      const message = await openChoice(channel);
      const held = ann.slash(channel, 'scifi', { prompt: 'Held', length: 500 });
      await until(() => held.original?.content.startsWith('Held'), 'the story meanwhile', PATIENCE_MS);
      ann.press(message, '1');
      await until(
        () => /Begins when your other story is done/.test(message.content),
        'its wait',
        PATIENCE_MS,
      );
      ann.press(held.original!, 'Stop');
      await grown(message);
      const refused = ann.slash(channel, 'scifi', { prompt: 'One more' });
      assert.match(await ephemeralReply(refused), /^You have had your 2 stories for this hour/);
    } finally {
      await harness.close();
    }
  });
});
