/** `/scifi-shelf` on Discord: the real client, a real queue and a real worker. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Person } from '../../fakes/discord/people.ts';
import { type FakeChannel, type FakeMessage, PERMISSION } from '../../fakes/discord/world.ts';
import {
  botsMessages,
  type DiscordHarness,
  ephemeralReply,
  isEphemeral,
  labelsOf,
  openDiscord,
} from '../../harness/discord.ts';
import { PATIENCE_MS, REDIS_SERVER, skipWithout, until } from '../../helpers/programs.ts';

/** Has Ann's channel write a story of one round, with one vote; returns its message, with its titles. */
async function written(
  { ann }: Pick<DiscordHarness, 'ann'>,
  channel: FakeChannel,
  prompt: string,
  voters: readonly Person[] = [ann],
): Promise<FakeMessage> {
  const isNew = new Set(botsMessages(channel));
  await ephemeralReply(ann.slash(channel, 'scifi-vote', { prompt, rounds: 1, seconds: 600 }));
  const find = () => botsMessages(channel).find((one) => !isNew.has(one) && !isEphemeral(one));
  const message = await until(find, 'a vote', PATIENCE_MS);
  await until(() => message.content.includes('<t:'), 'its choices', PATIENCE_MS);
  for (const voter of voters) voter.press(message, '1');
  await until(() => labelsOf(message).includes(`1 (${voters.length})`), 'the votes', PATIENCE_MS);
  ann.press(message, 'Close this round');
  await until(() => titlesOf(message).length > 1, 'its titles', PATIENCE_MS);
  return message;
}

function titlesOf(message: FakeMessage): string[] {
  return labelsOf(message).filter((label) => label.startsWith('Title: '));
}

async function listed({ ann }: DiscordHarness, channel: FakeChannel, options = {}): Promise<string> {
  return ephemeralReply(ann.slash(channel, 'scifi-shelf', options));
}

async function withDiscord(
  use: (harness: DiscordHarness) => Promise<void>,
  options: Parameters<typeof openDiscord>[0] = {},
): Promise<void> {
  const harness = await openDiscord(options);
  try {
    await use(harness);
  } finally {
    await harness.close();
  }
}

describe('the shelf on Discord', { timeout: 240_000, skip: skipWithout(REDIS_SERVER) }, () => {
  it('lists what the channel has written, best first by reactions, also after a restart', () =>
    withDiscord(async (harness) => {
      const { ann, channel, discord } = harness;
      assert.match(await listed(harness, channel), /^This channel has not finished a story together yet/);
      const bob = new Person(discord, 'bob');
      const first = await written(harness, channel, 'On the *crimson* moon');
      const second = await written(harness, channel, 'The [last] ship', [ann, bob]);
      bob.react(first);
      await harness.restart();
      const [title, one, other, hint] = (await listed(harness, channel)).split('\n');
      const guild = discord.world.guild.id;
      assert.equal(title, '**What this channel has written: 2 stories**');
      assert.ok(one!.startsWith('1. [On the \\*crimson\\* moon'), one);
      assert.ok(one!.includes(`](<https://discord.com/channels/${guild}/${channel.id}/${first.id}>)`), one);
      assert.match(one!, / · 1 reaction · 1 vote · <t:\d+:D>$/);
      assert.ok(other!.startsWith('2. [The \\[last\\] ship'), other);
      assert.match(other!, /\) · 2 votes · <t:\d+:D>$/);
      assert.equal(hint, 'React to a story to move it up.');
      const elsewhere = await listed(harness, discord.world.addChannel());
      assert.match(elsewhere, /^This channel has not finished a story together yet/);
      assert.match(await listed(harness, channel, { page: 2 }), /^The list has one page\.$/);

      ann.press(first, 'Delete');
      await until(() => first.deleted, 'its deletion', PATIENCE_MS);
      const isOne = async () => (await listed(harness, channel)).includes('1 story');
      await until(isOne, 'the removal from the shelf', PATIENCE_MS);
      assert.ok(!(await listed(harness, channel)).includes('crimson'));
      assert.ok(second.content.startsWith('The'));
      assert.equal(discord.count(429), 0);
    }));

  it('falls back to votes where it may not read, and removes what is deleted where it may', () =>
    withDiscord(async (harness) => {
      const { ann, channel, discord } = harness;
      const bob = new Person(discord, 'bob');
      const first = await written(harness, channel, 'On the crimson moon');
      await written(harness, channel, 'The last ship', [ann, bob]);
      bob.react(first);
      const all = channel.permissions;
      discord.world.allow(channel, all & ~PERMISSION.readMessageHistory);
      assert.match(await listed(harness, channel), /\n1\. \[The last ship.*\n2\. \[On the crimson moon/);
      discord.world.allow(channel, all);
      first.deleted = true;
      assert.match(await listed(harness, channel), /: 1 story\*\*\n1\. \[The last ship/);
    }));

  it('lets the host and moderators choose one of three titles', () =>
    withDiscord(async (harness) => {
      const { ann, channel, discord } = harness;
      const message = await written(harness, channel, 'On the crimson moon');
      const [first, other, ...others] = titlesOf(message);
      assert.match(first!, /^Title: On the crimson moon/);
      assert.ok(others.length <= 1);
      const bob = new Person(discord, 'bob');
      const refused = await ephemeralReply(bob.press(message, other!));
      assert.equal(refused, 'Only the user who started this story, or a moderator, can choose its title.');
      const title = other!.slice('Title: '.length);
      assert.equal(
        await ephemeralReply(ann.press(message, other!)),
        `This story is listed in /scifi-shelf as “${title}” now.`,
      );
      assert.ok((await listed(harness, channel)).includes(`[${title}]`));
      const moderator = new Person(discord, 'moderator');
      moderator.permissions |= PERMISSION.manageMessages;
      await ephemeralReply(moderator.press(message, first!));
      assert.match(await listed(harness, channel), /\[On the crimson moon/);
      ann.press(message, 'Delete');
      await until(() => message.deleted, 'its deletion', PATIENCE_MS);
      const isGone = async () =>
        (await ephemeralReply(ann.press(message, first!))).startsWith('This story is not on the shelf');
      await until(isGone, 'the removal from the shelf', PATIENCE_MS);
    }));

  it('gives all of it as a book', () =>
    withDiscord(async (harness) => {
      const { ann, channel } = harness;
      await written(harness, channel, 'On the crimson moon');
      const asked = ann.slash(channel, 'scifi-shelf', { format: 'markdown' });
      assert.match(
        await ephemeralReply(asked),
        /^A book of one story that this channel has written together/,
      );
      const [file] = asked.original!.files;
      assert.match(file!.name, /\.md$/);
      const text = Buffer.from(file!.bytes).toString('utf8');
      assert.match(text, /\*\*On the crimson moon\*\*/);
      assert.match(text, /Science fiction · lively · seed 7 · written by a neural network/);
      const again = ann.slash(channel, 'scifi-shelf', { format: 'epub' });
      assert.match(await ephemeralReply(again), /^You asked for a book a moment ago/);
    }));

  it('names only users who have joined, and forgets them', () =>
    withDiscord(async (harness) => {
      const { ann, channel, discord, dump } = harness;
      const bob = new Person(discord, 'bob');
      const cara = new Person(discord, 'cara');
      const board = () => listed(harness, channel, { leaderboard: 'show' });
      assert.match(await board(), /^No user is on the leaderboard of this channel/);
      const join = bob.slash(channel, 'scifi-shelf', { leaderboard: 'join' });
      assert.match(await ephemeralReply(join), /^You are on the leaderboard of this channel from now on/);
      await written(harness, channel, 'On the crimson moon', [ann, bob, cara]);
      const [, ...lines] = (await board()).split('\n');
      assert.deepEqual(lines, [
        `1. <@${bob.user.id}> · 1 winning vote or line · 0 stories started`,
        'Only users who have joined are listed.',
      ]);
      assert.ok(!(await dump()).includes(cara.user.id), 'no other voter is named');
      await ephemeralReply(bob.slash(channel, 'scifi-forget'));
      assert.match(await board(), /^No user is on the leaderboard/);
      assert.ok(!(await dump()).includes(bob.user.id));
      await ephemeralReply(ann.slash(channel, 'scifi-forget'));
      const isGone = async () => !(await dump()).includes(ann.user.id);
      await until(isGone, 'the removal of the host’s id', PATIENCE_MS);
      assert.match(
        await ephemeralReply(cara.slash(channel, 'scifi-shelf')),
        /^This channel has not finished a story together yet/,
      );
    }));
});
