/** Relays on the shelf of their channel on Slack, and a relay of thirty lines with an answer to each. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { digestTime, dueWeek } from '../../../src/bots/shelf/digest-week.ts';
import { Person } from '../../fakes/slack/people.ts';
import { type FakeMessage, wordsOf } from '../../fakes/slack/world.ts';
import { botsMessages, labelsOf, type SlackHarness, smallPrintOf, textOf } from '../../harness/slack.ts';
import { PATIENCE_MS, REDIS_SERVER, skipWithout, until } from '../../helpers/programs.ts';
import { writeScripted } from '../relay-script.ts';
import { answers, begun, overIn, stored, withSlack } from './relay-threads.ts';

const OPTIONS = { allowance: 100 } as const;

function listed({ ann, channel, command }: SlackHarness, text = ''): Promise<string> {
  return command(ann, channel, '/scifi-shelf', text);
}

async function pressed(
  { ephemeralReply }: SlackHarness,
  person: Person,
  message: FakeMessage,
  label: string,
): Promise<string> {
  // An ephemeral reply belongs to this press if it is not older, in milliseconds.
  await sleep(2);
  return ephemeralReply(person.press({ ...message }, label));
}

/** Has Ann and Bob write a relay; returns its messages above the thread and at the end. */
async function written(
  harness: SlackHarness,
  opening: string,
  bob: Person,
): Promise<{ head: FakeMessage; end: FakeMessage }> {
  const head = await begun(harness, opening);
  await answers(head, 1);
  bob.say(harness.channel, 'It fell.', { threadTs: head.ts });
  await answers(head, 2);
  harness.ann.press(head, 'The end');
  return { head, end: await overIn(head) };
}

describe('relays on the shelf on Slack', { timeout: 240_000, skip: skipWithout(REDIS_SERVER) }, () => {
  it('are listed with their titles and reactions, as they were mended, and give their writers credit', () =>
    withSlack(async (harness) => {
      const { ann, slack, channel, dump, bot, command } = harness;
      const [bob, cem] = ['bob', 'cem'].map((name) => new Person(slack, name)) as [Person, Person];
      await command(bob, channel, '/scifi-shelf', 'join');
      const head = await begun(harness, 'On the crimson moon, a < b.');
      const threadTs = head.ts;
      await answers(head, 1);
      const one = bob.say(channel, 'A ship fell.', { threadTs });
      const two = cem.say(channel, 'It was red.', { threadTs });
      bob.say(channel, 'It was old.', { threadTs });
      await stored(harness, 'It was old.');
      bob.edit(one, 'A vast ship fell.');
      cem.delete(two);
      cem.react(one);
      ann.react(one);
      cem.react(botsMessages(channel, threadTs)[0]!);
      await stored(harness, 'A vast ship fell.');
      assert.match(await dump(), /responseUrl/);
      ann.press(head, 'The end');
      const end = await overIn(head);
      const titles = labelsOf(end).filter((label) => label.startsWith('Title: '));
      assert.match(titles[0]!, /^Title: On the crimson moon/);
      assert.ok(titles.length > 1, `${titles}`);
      cem.react(end);
      const isKept = async () => ((await bot.shelf.works(keyOf(harness)))[0]?.messages.length ?? 0) > 0;
      await until(isKept, 'its messages', PATIENCE_MS);
      const [title, line] = (await listed(harness)).split('\n');
      assert.equal(title, '*What this channel has written: 1 story*');
      assert.match(
        line!,
        new RegExp(`^1\\. <https://[^|]*/p${end.ts.replace('.', '')}[^|]*\\|On the crimson moon`),
      );
      assert.match(line!, /> · 1 reaction · </);
      const [work] = await bot.shelf.works(keyOf(harness));
      assert.deepEqual(work!.liked, { text: 'A vast ship fell.', reactions: 2 });
      const board = await listed(harness, 'leaderboard');
      assert.ok(
        board.includes(`1. <@${bob.user.id}> · 2 winning votes and lines · 0 stories started`),
        board,
      );
      const dumped = await dump();
      assert.ok(!dumped.includes(cem.user.id), 'no other writer is named');
      assert.ok(!dumped.includes('responseUrl'), 'no address that expires is kept');

      const other = titles[1]!;
      assert.match(await pressed(harness, cem, end, other), /^Only the user who started this story/);
      assert.match(await pressed(harness, ann, end, other), /^This story is listed in \/scifi-shelf as/);
      assert.ok((await listed(harness)).includes(`|${other.slice('Title: '.length)}>`));

      await listed(harness, 'markdown');
      const [file] = [...slack.world.files.all.values()];
      const book = Buffer.from(file!.bytes!).toString('utf8');
      assert.ok(book.includes('**On the crimson moon, a \\< b.**'), book);
      assert.match(book, /\*\*A vast ship fell\.( It was old\.)?\*\*/);
      assert.ok(book.includes('It was old.') && !book.includes('It was red'), book);

      await command(bob, channel, '/scifi-forget');
      assert.match(await listed(harness, 'leaderboard'), /^No user is on the leaderboard/);
      assert.ok(!(await dump()).includes(bob.user.id));
      assert.match(await listed(harness), /: 1 story\*/);
      ann.press({ ...end }, 'Delete');
      await until(() => end.isDeleted && head.isDeleted, 'its deletion', PATIENCE_MS);
      const isEmpty = async () => /^This channel has not finished/.test(await listed(harness));
      await until(isEmpty, 'its removal from the shelf', PATIENCE_MS);
    }, OPTIONS));

  it('are in the digest of their week, with the opening and the line to which users have reacted', async () => {
    let now = Date.now;
    await withSlack(
      async (all) => {
        const { ann, slack, bot, command } = all;
        // A channel of Ann's, who may set it up.
        const channel = all.channelOf();
        const harness = { ...all, channel };
        const bob = new Person(slack, 'bob');
        const head = await begun(harness, 'The crimson moon rose.');
        const [first] = await answers(head, 1);
        bob.say(channel, 'It fell.', { threadTs: head.ts });
        await answers(head, 2);
        bob.react(botsMessages(channel, head.ts)[0]!);
        ann.press(head, 'The end');
        const end = await overIn(head);
        const isKept = async () => ((await bot.shelf.works(keyOf(harness)))[0]?.messages.length ?? 0) > 0;
        await until(isKept, 'its messages', PATIENCE_MS);
        const [work] = await bot.shelf.works(keyOf(harness));
        await command(ann, channel, '/scifi-channel', 'digest hour=9');
        const due = digestTime(dueWeek(work!.finishedAt, 9) + 1, 9);
        now = () => due;
        await bot.digests.post(keyOf(harness), async () => {});
        const isDigest = ({ text }: FakeMessage) => text.startsWith('*This channel wrote 1 story');
        const digest = await until(() => botsMessages(channel).find(isDigest), 'the digest', PATIENCE_MS);
        const [, opening, line, last] = wordsOf(digest.blocks, 'section').split('\n\n');
        assert.match(
          opening!,
          /^\*The best opening\*, of <https:.*\|The crimson moon rose.*>\n“The crimson moon rose\. /,
        );
        assert.ok(line!.includes(`/p${end.ts.replace('.', '')}`), line);
        assert.ok(line!.endsWith(`>, with 1 reaction\n“${first!}”`), line);
        assert.match(last!, /^_\/scifi-shelf lists all stories/);
      },
      { ...OPTIONS, clock: () => now() },
    );
  });

  it('count the reactions to all messages of a long end, in one call', () =>
    withSlack(async (harness) => {
      const { slack, channel, bot } = harness;
      const bob = new Person(slack, 'bob');
      const { head } = await written(harness, 'One.', bob);
      const isKept = async () => ((await bot.shelf.works(keyOf(harness)))[0]?.messages.length ?? 0) > 0;
      await until(isKept, 'its messages', PATIENCE_MS);
      const [work] = await bot.shelf.works(keyOf(harness));
      const more = { text: 'The rest.', threadTs: head.ts };
      const last = slack.world.addMessage(channel, slack.workspace.bot, more);
      const messages = [...work!.messages, last.ts];
      await bot.shelf.changeWork(keyOf(harness), work!.id, (latest) => ({ ...latest, messages }));
      for (const message of botsMessages(channel, head.ts).slice(-2)) bob.react(message);
      const before = slack.count('conversations.replies', 'ok');
      assert.match(await listed(harness), / · 2 reactions · /);
      assert.equal(slack.count('conversations.replies', 'ok'), before + 1);
    }, OPTIONS));

  it('leave it with their host, with their thread, and when they are deleted after their time', () =>
    withSlack(async (harness) => {
      const { ann, slack, channel, dump, bot, command } = harness;
      const bob = new Person(slack, 'bob');
      const { end } = await written(harness, 'One.', bob);
      const { head } = await written(harness, 'Two.', bob);
      assert.match(await listed(harness), /: 2 stories\*/);
      await bot.relays.removeOlderThan(-60_000);
      assert.match(await pressed(harness, bob, end, 'Delete'), /^Only the user who started this relay/);
      assert.match(
        await pressed(harness, ann, end, 'Delete'),
        /^This story is not in \/scifi-shelf any more/,
      );
      assert.equal(await pressed(harness, ann, end, 'Delete'), 'This relay is no longer kept.');
      head.isDeleted = true;
      const [left] = await bot.shelf.works(keyOf(harness));
      await bot.shelf.changeWork(keyOf(harness), left!.id, ({ reactions: _, ...work }) => work);
      assert.match(await listed(harness), /^This channel has not finished a story together yet/);
      await written(harness, 'Three.', bob);
      await command(ann, channel, '/scifi-forget');
      assert.match(await command(bob, channel, '/scifi-shelf'), /^This channel has not finished/);
      await until(async () => !(await dump()).includes(ann.user.id), 'the removal of the id', PATIENCE_MS);
    }, OPTIONS));

  it('are written in thirty lines by ten people, with an answer to each, and edits and deletions in between', () =>
    withSlack(async (harness) => {
      const { ann, slack, channel, bot } = harness;
      const head = await begun(harness, 'It all began.');
      const people = Array.from({ length: 10 }, (_, index) => new Person(slack, `person${index}`));
      const { story, linesOf } = await writeScripted('It all began.', {
        say(index, text) {
          const person = people[index]!;
          const message = person.say(channel, text, { threadTs: head.ts });
          return { edit: (next) => person.edit(message, next), delete: () => person.delete(message) };
        },
        answers: (count) => answers(head, count),
        stored: (text) => stored(harness, text),
      });
      ann.press(head, 'The end');
      const end = await overIn(head);
      assert.equal(textOf(end), story);
      const print = smallPrintOf(end);
      for (const [index, lines] of linesOf.entries()) {
        assert.ok(print.includes(`person${index} (${lines} line`), print);
      }
      assert.match(print, /, the computer \(31 lines\) · /);
      const [work] = await bot.shelf.works(keyOf(harness));
      assert.equal(work!.segments.map(({ text }) => text).join(''), story);
    }, OPTIONS));
});

/** The key of the channel's shelf. */
function keyOf({ slack, channel }: SlackHarness): string {
  return `${slack.workspace.id}-${channel.id}`;
}
