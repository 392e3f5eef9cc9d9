/** Relays on the shelf of their channel on Discord: the real client, a real queue and a real worker. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestTime, dueWeek } from '../../../src/bots/shelf/digest-week.ts';
import { discordEscaping } from '../../../src/bots/text.ts';
import { Person } from '../../fakes/discord/people.ts';
import { type FakeChannel, type FakeMessage, PERMISSION } from '../../fakes/discord/world.ts';
import { type DiscordHarness, ephemeralReply, labelsOf } from '../../harness/discord.ts';
import { PATIENCE_MS, REDIS_SERVER, skipWithout, until } from '../../helpers/programs.ts';
import { answers, begun, botsIn, overIn, stored, withDiscord } from './relay-threads.ts';

async function listed({ ann, channel }: DiscordHarness, options = {}): Promise<string> {
  return ephemeralReply(ann.slash(channel, 'scifi-shelf', options));
}

/** Has Ann and Bob write a relay; returns its end. */
async function written(
  harness: DiscordHarness,
  opening: string,
  bob: Person,
): Promise<{ end: FakeMessage; thread: FakeChannel }> {
  const { head, thread } = await begun(harness, { opening, every: 1 });
  await answers(thread, 1);
  bob.say(thread, 'It fell.');
  await answers(thread, 2);
  harness.ann.press(head, 'The end');
  return { end: await overIn(thread), thread };
}

describe('relays on the shelf on Discord', { timeout: 240_000, skip: skipWithout(REDIS_SERVER) }, () => {
  it('are listed with their titles and reactions, as they were mended, and give their writers credit', () =>
    withDiscord(async (harness) => {
      const { ann, discord, channel, dump, bot } = harness;
      const [bob, cem] = ['bob', 'cem'].map((name) => new Person(discord, name)) as [Person, Person];
      await ephemeralReply(bob.slash(channel, 'scifi-shelf', { leaderboard: 'join' }));
      const { head, thread } = await begun(harness, { opening: 'On the *crimson* moon.', every: 1 });
      await answers(thread, 1);
      const [one, two, three] = [
        bob.say(thread, 'A ship fell.'),
        cem.say(thread, 'It was red.'),
        bob.say(thread, 'It was old.'),
      ];
      await stored(harness, 'It was old.');
      bob.edit(one, 'A *vast* ship fell.');
      cem.delete(two);
      cem.react(one);
      cem.react(botsIn(thread)[0]!);
      ann.react(one);
      await stored(harness, 'A *vast* ship fell.');
      ann.press(head, 'The end');
      const end = await overIn(thread);
      const titles = labelsOf(end).filter((label) => label.startsWith('Title: '));
      assert.match(titles[0]!, /^Title: On the \*crimson\* moon/);
      assert.ok(titles.length > 1, `${titles}`);
      cem.react(end);
      const isKept = async () => ((await bot.shelf.works(channel.id))[0]?.messages.length ?? 0) > 0;
      await until(isKept, 'its messages', PATIENCE_MS);
      const address = `https://discord.com/channels/${discord.world.guild.id}/${thread.id}/${end.id}`;
      const [title, line] = (await listed(harness)).split('\n');
      assert.equal(title, '**What this channel has written: 1 story**');
      assert.ok(line!.startsWith('1. [On the \\*crimson\\* moon'), line);
      assert.ok(line!.includes(`](<${address}>) · 1 reaction · <t:`), line);
      const [work] = await bot.shelf.works(channel.id);
      assert.deepEqual(work!.liked, { text: 'A *vast* ship fell.', reactions: 2 });
      assert.match(
        await listed(harness, { leaderboard: 'show' }),
        new RegExp(`\n1\\. <@${bob.user.id}> · 2 winning votes and lines · 0 stories started\n`),
      );
      assert.ok(!(await dump()).includes(cem.user.id), 'no other writer is named');

      const choose = async (person: Person, label: string) => ephemeralReply(person.press(end, label));
      assert.match(await choose(cem, titles[1]!), /^Only the user who started this story, or a moderator/);
      assert.match(await choose(ann, titles[1]!), /^This story is listed in \/scifi-shelf as/);
      assert.ok((await listed(harness)).includes(`[${titles[1]!.slice('Title: '.length)}]`));

      const asked = ann.slash(channel, 'scifi-shelf', { format: 'markdown' });
      await ephemeralReply(asked);
      const book = Buffer.from(asked.original!.files[0]!.bytes).toString('utf8');
      assert.ok(book.includes('**On the \\*crimson\\* moon.**'), book);
      assert.match(book, /\*\*A \\\*vast\\\* ship fell\.( It was old\.)?\*\*/);
      assert.ok(book.includes('It was old.') && !book.includes('It was red'), book);
      assert.ok(three.content.length > 0);

      await ephemeralReply(bob.slash(channel, 'scifi-forget'));
      assert.match(await listed(harness, { leaderboard: 'show' }), /^No user is on the leaderboard/);
      assert.ok(!(await dump()).includes(bob.user.id));
      assert.match(await listed(harness), /: 1 story\*\*/);
      ann.press(end, 'Delete');
      await until(() => end.deleted, 'its deletion', PATIENCE_MS);
      const isEmpty = async () => /^This channel has not finished/.test(await listed(harness));
      await until(isEmpty, 'its removal from the shelf', PATIENCE_MS);
      assert.equal(discord.count(429), 0);
    }));

  it('have the reactions to all of their messages, which are read in two calls', () =>
    withDiscord(async (harness) => {
      const { ann, discord, bot, channel } = harness;
      const { head, thread } = await begun(harness, { opening: 'A long story.', every: 0 });
      const last = 'The end of it is here.';
      for (let index = 0; index < 12; index++) ann.say(thread, `${index} ${'far and '.repeat(60)}away.`);
      ann.say(thread, last);
      await stored(harness, last);
      ann.press(head, 'Your turn, computer');
      await answers(thread, 1);
      ann.press(head, 'The end');
      const end = await overIn(thread);
      const shown = async () => (await bot.shelf.works(channel.id))[0]?.messages ?? [];
      const messages = await until(
        async () => ((await shown()).length > 0 ? shown() : undefined),
        'its messages',
      );
      assert.ok(messages.length >= 4, `${messages.length} messages`);
      ann.react(discord.world.messages.get(messages[0]!)!);
      ann.react(discord.world.messages.get(messages[2]!)!);
      ann.react(end);
      const before = discord.log.length;
      assert.match(await listed(harness), / · 3 reactions · /);
      const reads = discord.log
        .slice(before)
        .filter(({ method, path }) => method === 'GET' && /messages/.test(path));
      assert.equal(reads.length, 2);
    }));

  it('are in the digest of their week, with the opening and the line to which users have reacted', async () => {
    let now = Date.now;
    await withDiscord(
      async (harness) => {
        const { ann, discord, channel, bot } = harness;
        const bob = new Person(discord, 'bob');
        const { head, thread } = await begun(harness, { opening: 'The crimson moon rose.', every: 1 });
        const [first] = await answers(thread, 1);
        bob.say(thread, 'It fell.');
        await answers(thread, 2);
        bob.react(botsIn(thread)[0]!);
        ann.press(head, 'The end');
        const end = await overIn(thread);
        const isKept = async () => ((await bot.shelf.works(channel.id))[0]?.messages.length ?? 0) > 0;
        await until(isKept, 'its messages', PATIENCE_MS);
        const [work] = await bot.shelf.works(channel.id);
        await ephemeralReply(ann.slash(channel, 'scifi-channel', { hour: 9 }, { subcommand: 'digest' }));
        const due = digestTime(dueWeek(work!.finishedAt, 9) + 1, 9);
        now = () => due;
        await bot.digests.post(channel.id, async () => {});
        const isDigest = ({ content }: FakeMessage) => content.startsWith('**This channel wrote 1 story');
        const digest = [...channel.messages.values()].find(isDigest)!;
        const [, opening, line, last] = digest.content.split('\n\n');
        const link = `https://discord.com/channels/${discord.world.guild.id}/${thread.id}/${end.id}`;
        assert.ok(opening!.startsWith('**The best opening**, of [The crimson moon rose](<'), opening);
        assert.ok(opening!.includes(`(<${link}>)\n“The crimson moon rose. `), opening);
        assert.ok(line!.endsWith(`(<${link}>), with 1 reaction\n“${discordEscaping.escape(first!)}”`), line);
        assert.match(last!, /^-# \/scifi-shelf lists all stories/);
      },
      { clock: () => now() },
    );
  });

  it('leave it with their host, with their thread, and when they are deleted after their time', () =>
    withDiscord(async (harness) => {
      const { ann, discord, channel, dump, bot } = harness;
      const bob = new Person(discord, 'bob');
      const { end } = await written(harness, 'One.', bob);
      const { thread } = await written(harness, 'Two.', bob);
      assert.match(await listed(harness), /: 2 stories\*\*/);
      await bot.relays.removeOlderThan(-60_000);
      const refused = await ephemeralReply(bob.press(end, 'Delete'));
      assert.match(refused, /^Only the user who started this relay/);
      const moderator = new Person(discord, 'moderator');
      moderator.permissions |= PERMISSION.manageMessages;
      const told = await ephemeralReply(moderator.press(end, 'Delete'));
      assert.match(told, /^This story is not in \/scifi-shelf any more/);
      assert.equal(await ephemeralReply(moderator.press(end, 'Delete')), 'This relay is no longer kept.');
      discord.world.channels.delete(thread.id);
      await harness.bot.shelf.changeWork(channel.id, (await bot.shelf.works(channel.id))[0]!.id, (work) => ({
        ...work,
        reactions: { count: 0, at: 0 },
      }));
      assert.match(await listed(harness), /^This channel has not finished a story together yet/);
      await written(harness, 'Three.', bob);
      await ephemeralReply(ann.slash(channel, 'scifi-forget'));
      assert.match(await ephemeralReply(bob.slash(channel, 'scifi-shelf')), /^This channel has not finished/);
      await until(async () => !(await dump()).includes(ann.user.id), 'the removal of the id', PATIENCE_MS);
    }));
});
