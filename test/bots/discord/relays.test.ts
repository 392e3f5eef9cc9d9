/** `/scifi-relay` on Discord: the real client, a real queue and a real worker, and the messages that users see. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { discordEscaping } from '../../../src/bots/text.ts';
import { Person } from '../../fakes/discord/people.ts';
import {
  ALL_PERMISSIONS,
  type FakeChannel,
  type FakeMessage,
  PERMISSION,
} from '../../fakes/discord/world.ts';
import { type DiscordHarness, ephemeralReply, labelsOf } from '../../harness/discord.ts';
import { PATIENCE_MS, REDIS_SERVER, skipWithout, until } from '../../helpers/programs.ts';
import { answers, begun, botsIn, isRead, linesIn, overIn, stored, withDiscord } from './relay-threads.ts';

const HEAD_LABELS = ['Your turn, computer', 'The end'];

function signOf({ discord }: DiscordHarness, message: FakeMessage): Promise<string> {
  const found = () => discord.world.reactions.find(({ messageId }) => messageId === message.id)?.emoji;
  return until(found, 'a sign', PATIENCE_MS).then(decodeURIComponent);
}

describe('relays on Discord', { timeout: 240_000, skip: skipWithout(REDIS_SERVER) }, () => {
  it('has thirty lines by ten people, with edits, deletions, double deliveries and a restart', () =>
    withDiscord(async (harness) => {
      const { ann, discord, log } = harness;
      const { head, thread } = await begun(harness, { opening: 'It *all* began.', every: 10 });
      assert.match(
        head.content,
        /^\*\*A relay\*\*\n> It \\\*all\\\* began\.\n-# Post lines of the story in the thread; I add one after every 10/,
      );
      assert.deepEqual(labelsOf(head), HEAD_LABELS);
      assert.equal(thread.name, 'It *all* began.');
      const people = Array.from({ length: 10 }, (_, index) => new Person(discord, `person${index}`));
      const said: FakeMessage[] = [];
      const say = (from: number, to: number) => {
        for (let index = from; index < to; index++) {
          const person = people[index % people.length]!;
          const message = person.say(thread, `Line ${index} is here.`);
          person.repeat(message);
          said.push(message);
        }
      };
      say(0, 9);
      const [first] = await answers(thread, 1);
      people[3]!.edit(said[3]!, 'Line 3 is *mended*.');
      people[4]!.delete(said[4]!);
      people[5]!.repeat(said[5]!);
      await stored(harness, 'Line 3 is *mended*.');
      say(9, 15);
      await stored(harness, 'Line 14 is here.');
      await harness.bot.close();
      // Nothing of this reaches the bot.
      say(15, 20);
      people[0]!.edit(said[0]!, 'Line 0 is mended, too.');
      people[9]!.delete(said[9]!);
      discord.gateway.cut({ forget: true });
      harness.bot = await harness.another();
      const [, second] = await answers(thread, 2);
      say(20, 30);
      await answers(thread, 3);
      const silly = people[0]!.say(thread, 'The w0ps took over the ship');
      assert.equal(await signOf(harness, silly), '🤐');
      people[1]!.say(thread, '// Who is the captain?');
      people[1]!.say(thread, '🚀');
      ann.press(head, 'The end');
      const end = await overIn(thread);
      const [story, print] = discordEscaping.unescape(end.content).split('\n-# ');
      const [, , third] = linesIn(thread);
      const lineOf = (index: number) =>
        index === 0
          ? 'Line 0 is mended, too.'
          : index === 3
            ? 'Line 3 is *mended*.'
            : `Line ${index} is here.`;
      const numbers = Array.from({ length: 30 }, (_, index) => index).filter(
        (index) => index !== 4 && index !== 9,
      );
      const lines = numbers.map(lineOf).join(' ');
      let rest = story!;
      for (const own of [first, second, third]) {
        assert.ok(rest.includes(` ${own}`), `${own} in ${rest}`);
        rest = rest.replace(` ${own}`, '');
      }
      assert.equal(rest, `It *all* began. ${lines}`);
      assert.match(
        print!,
        /^By person0 \(3 lines\), .*person4 \(2 lines\).*, ann \(1 line\), the computer \(3 lines\) · Science fiction · lively · seed 7$/,
      );
      await until(
        () => /This relay is over: 32 lines/.test(discordEscaping.unescape(head.content)),
        'the end above',
        PATIENCE_MS,
      );
      assert.deepEqual(labelsOf(head), []);
      assert.equal(discord.count(429), 0);
      assert.ok(!/is here|mended/.test(log.join('\n')), 'no line is logged');
      const late = people[2]!.say(thread, 'Too late.');
      const more = people[2]!.press(end, 'Continue');
      await until(
        () => more.original && labelsOf(more.original).includes('Another'),
        'a continuation',
        PATIENCE_MS,
      );
      assert.ok(!discord.world.reactions.some(({ messageId }) => messageId === late.id));
      ann.press(end, 'Delete');
      await until(
        () => end.deleted && head.deleted && linesIn(thread).length === 0,
        'its deletion',
        PATIENCE_MS,
      );
    }));

  it('answers each line, having read the whole story, and when a user asks', () =>
    withDiscord(async (harness) => {
      const { ann, discord, channel } = harness;
      const { head, thread } = await begun(harness);
      assert.match(head.content, /I add the next sentence after each\. Anyone may write at any time/);
      const bob = new Person(discord, 'bob');
      ann.say(thread, 'A ship fell.');
      await answers(thread, 1);
      assert.equal(
        await ephemeralReply(bob.press(head, 'Your turn, computer')),
        'The last line is mine: add one of yours first.',
      );
      bob.say(thread, 'It was blue.');
      await answers(thread, 2);
      const refused = await ephemeralReply(bob.press(head, 'The end'));
      assert.match(refused, /^Only the user who started this relay, or a moderator, can end it/);
      const moderator = new Person(discord, 'moderator');
      moderator.permissions |= PERMISSION.manageMessages;
      moderator.press(head, 'The end');
      const end = await overIn(thread);
      const [first, second] = linesIn(thread);
      const [story] = discordEscaping.unescape(end.content).split('\n-# ');
      assert.equal(story, `A ship fell. ${first} It was blue. ${second}`);
      assert.equal(
        await ephemeralReply(ann.press({ ...end, components: headOf(head) }, 'The end')),
        'This relay is over.',
      );

      const { head: asked, thread: next } = await begun(harness, { opening: 'Mars.', every: 0 });
      bob.say(next, 'It is red.');
      await stored(harness, 'It is red.');
      bob.press(asked, 'Your turn, computer');
      const [answer] = await answers(next, 1);
      bob.say(next, 'It is near.');
      await stored(harness, 'It is near.');
      const own = botsIn(next).find(({ content }) => content.includes(discordEscaping.escape(answer!)))!;
      assert.deepEqual(labelsOf(own), ['Your turn, computer']);
      bob.press(own, 'Your turn, computer');
      await answers(next, 2);
      own.deleted = true;
      discord.gateway.dispatch('MESSAGE_DELETE_BULK', {
        ids: [own.id],
        channel_id: next.id,
        guild_id: channel.guildId,
      });
      bob.say(next, 'It is far.');
      await stored(harness, 'It is far.');
      ann.press(asked, 'The end');
      const [told] = discordEscaping.unescape((await overIn(next)).content).split('\n-# ');
      assert.equal(told, `Mars. It is red. It is near. ${linesIn(next)[0]} It is far.`);
    }));

  it('tells users whose turn it is once, and holds blocks, bounds and pauses', () =>
    withDiscord(async (harness) => {
      const { ann, discord, blocks, bot, channel } = harness;
      const { head, thread } = await begun(harness, { opening: 'A.', every: 10, turns: 'round robin' });
      assert.match(head.content, /in the order in which you joined/);
      const [bob, cem, eve] = ['bob', 'cem', 'eve'].map((name) => new Person(discord, name)) as [
        Person,
        Person,
        Person,
      ];
      bob.say(thread, 'B.');
      cem.say(thread, 'C.');
      const out = bob.say(thread, 'Not now.');
      const isTold = (message: FakeMessage) => botsIn(thread).find(({ replyTo }) => replyTo === message.id);
      const told = await until(() => isTold(out), 'a sentence', PATIENCE_MS);
      assert.match(told.content, /^It is ann’s turn, so this line is not in the story/);
      assert.equal(await signOf(harness, bob.say(thread, 'Not now either.')), '⏳');
      await blocks.add({ platform: 'discord', kind: 'user', id: eve.user.id, setIn: discord.world.guild.id });
      const blocked = eve.say(thread, 'I am blocked.');
      await until(
        () => discord.world.directChannels.get(eve.user.id)?.messages.size,
        'a direct message',
        PATIENCE_MS,
      );
      const long = ann.say(thread, 'a'.repeat(501));
      assert.match(
        (await until(() => isTold(long), 'a sentence', PATIENCE_MS)).content,
        /at most 500 characters/,
      );
      ann.say(thread, 'D is here.');
      await stored(harness, 'D is here.');
      const { prompts } = bot.channels.known(channel.id)!;
      await bot.channels.write({ channelId: channel.id, prompts: { ...prompts!, cooldownSeconds: 3_600 } });
      assert.equal(isTold(blocked), undefined);
      ann.press(head, 'The end');
      assert.match(discordEscaping.unescape((await overIn(thread)).content), /^A\. B\. C\. D is here\.\n/);

      const paused = ann.slash(channel, 'scifi-relay', {
        opening: 'Once.',
        every: 0,
        turns: 'everyone once',
      });
      await ephemeralReply(paused);
      const isNext = ({ content }: FakeMessage) => content.includes('> Once');
      const second = await until(() => [...channel.messages.values()].find(isNext), 'a relay', PATIENCE_MS);
      const other = await until(() => discord.world.channels.get(second.id), 'its thread', PATIENCE_MS);
      await isRead(harness);
      const again = ann.say(other, 'Twice.');
      const once = await until(
        () => botsIn(other).find(({ replyTo }) => replyTo === again.id),
        'a sentence',
        PATIENCE_MS,
      );
      assert.match(once.content, /^Everyone has one line in this relay/);
      ann.press(second, 'The end');
      await overIn(other);
    }));

  it('shows the names of users literally', () =>
    withDiscord(async (harness) => {
      const { ann, discord } = harness;
      const name = '[free](http://a.example)';
      const eve = new Person(discord, name);
      const { head, thread } = await begun(harness, { opening: 'A.', every: 3, turns: 'round robin' });
      eve.say(thread, 'B is here.');
      await stored(harness, 'B is here.');
      ann.say(thread, 'C is here.');
      await stored(harness, 'C is here.');
      const out = ann.say(thread, 'Not now.');
      const isTold = ({ replyTo }: FakeMessage) => replyTo === out.id;
      const told = await until(() => botsIn(thread).find(isTold), 'a sentence', PATIENCE_MS);
      const [line] = await answers(thread, 1);
      const own = await until(
        () => botsIn(thread).find(({ content }) => content.includes(discordEscaping.escape(line!))),
        'the line of the computer',
        PATIENCE_MS,
      );
      ann.press(head, 'The end');
      for (const { content } of [told, own, await overIn(thread)]) {
        assert.ok(content.includes(discordEscaping.escape(name)), content);
      }
    }));

  it('needs the intent, a text channel and the permission to open threads', async () => {
    await withDiscord(
      async ({ ann, channel }) => {
        const told = await ephemeralReply(ann.slash(channel, 'scifi-relay', { opening: 'A robot' }));
        assert.match(told, /“Message Content Intent” is off/);
      },
      { readsMessages: false },
    );
    await withDiscord(async ({ ann, channel, discord }) => {
      const inThread = discord.world.addChannel({ type: 11, parentId: channel.id });
      const ask = (at: FakeChannel, options = {}) =>
        ephemeralReply(ann.slash(at, 'scifi-relay', { opening: 'A robot' }, options));
      assert.match(
        await ask(inThread),
        /^A relay needs a text channel of a server in which I am: I open a thread/,
      );
      discord.world.allow(channel, ALL_PERMISSIONS & ~PERMISSION.createPublicThreads);
      assert.match(await ask(channel), /I need Create Public Threads/);
      assert.match(await ask(channel, { isInstalled: false }), /^A relay needs a text channel/);
    });
  });

  it('ends where its message, its thread or its channel is deleted, and makes room for the next', () =>
    withDiscord(async (harness) => {
      const { ann, discord } = harness;
      const first = await begun(harness, { opening: 'A ship.', every: 0 });
      ann.say(first.thread, 'It fell.');
      await stored(harness, 'It fell.');
      ann.delete(first.head);
      const end = await overIn(first.thread);
      assert.match(discordEscaping.unescape(end.content), /^A ship\. It fell\.\n/, 'the story is told');

      const begins = () => begun(harness, { opening: 'B.', every: 0 }).catch(() => undefined);
      const second = await until(begins, 'room for the second', PATIENCE_MS);
      second.head.deleted = true;
      discord.world.deleteChannel(second.thread);
      const third = await until(begins, 'room for the third', PATIENCE_MS);
      assert.equal(third.thread.parentId, third.head.channel.id);
    }));

  it('shows the end above a thread in which it may not write any more', () =>
    withDiscord(async (harness) => {
      const { ann, discord } = harness;
      const { head, thread } = await begun(harness, { opening: 'A ship.', every: 0 });
      ann.say(thread, 'It fell.');
      await stored(harness, 'It fell.');
      discord.world.allow(thread, ALL_PERMISSIONS & ~PERMISSION.sendMessagesInThreads);
      ann.press(head, 'The end');
      const shown = () => discordEscaping.unescape(head.content).split('\n-# ')[1];
      await until(() => shown()?.startsWith('This relay is over: 2 lines.'), 'the end above', PATIENCE_MS);
      assert.match(shown()!, /I may not write in its thread, so the whole story is not posted\.$/);
      assert.deepEqual(labelsOf(head), []);

      const other = await begun(harness, { opening: 'A moon.' });
      discord.world.allow(other.thread, ALL_PERMISSIONS & ~PERMISSION.sendMessagesInThreads);
      ann.say(other.thread, 'It rose.');
      await until(
        () => other.head.content.includes('This relay ended early'),
        'the end above a relay that its network cannot go on with',
        PATIENCE_MS,
      );
    }));

  it('holds no name of a user who is forgotten, and ends with its host', () =>
    withDiscord(async (harness) => {
      const { ann, discord, dump, channel } = harness;
      const { thread } = await begun(harness, { opening: 'A.', every: 0 });
      const robert = new Person(discord, 'robert-the-bold');
      robert.say(thread, 'B.');
      await stored(harness, 'robert-the-bold');
      assert.ok(!(await dump()).includes(robert.user.id), 'a line names no user’s id');
      await ephemeralReply(robert.slash(channel, 'scifi-forget'));
      assert.ok(!(await dump()).includes('robert-the-bold'));
      await ephemeralReply(ann.slash(channel, 'scifi-forget'));
      const end = await overIn(thread);
      assert.match(
        discordEscaping.unescape(end.content),
        /^A\. B\.\n-# By a user \(1 line\), a user \(1 line\) ·/,
      );
      await until(
        async () => !(await dump()).includes(ann.user.id),
        'the removal of the host’s id',
        PATIENCE_MS,
      );
    }));
});

/** The buttons that a message had at first. */
function headOf({ history }: FakeMessage): FakeMessage['components'] {
  return history[0]!.components;
}
