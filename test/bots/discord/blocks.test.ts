/** Blocks on Discord: a blocked user gets one ephemeral reply, and no job is added. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Person } from '../../fakes/discord/people.ts';
import {
  type DiscordHarness,
  ephemeralReply,
  finished,
  isEphemeral,
  openDiscord,
  textOf,
} from '../../harness/discord.ts';
import { until } from '../../helpers/programs.ts';

const STORY = { prompt: 'It all began with', length: 200 };
const BY_MODERATORS =
  /^The moderators here have blocked you, so I write no stories for you\. Ask them to lift that\.$/;

describe('blocks on Discord', { timeout: 240_000 }, () => {
  let harness: DiscordHarness;

  before(async () => {
    harness = await openDiscord({ readsMessages: true, pace: 0, editIntervalMs: 200 });
  });
  after(() => harness.close());

  const block = (subcommand: string, options = {}, channel = harness.channel) =>
    ephemeralReply(harness.ann.slash(channel, 'scifi-block', options, { subcommand }));

  it('refuses all requests of a blocked user in ephemeral replies, except privacy commands', async () => {
    const { discord, ann, channel } = harness;
    const eve = new Person(discord, 'eve');
    const asked = ann.slash(channel, 'scifi', STORY);
    const [story] = await finished(asked);
    await ephemeralReply(
      ann.slash(channel, 'scifi-channel', { messages: 'every', cooldown: 0 }, { subcommand: 'on' }),
    );
    assert.match(
      await block('add', { user: eve.user.id }),
      new RegExp(`^Blocked here from now on: <@${eve.user.id}>\\.`),
    );
    const before = await harness.queued();
    for (const attempt of [
      () => eve.slash(channel, 'scifi', STORY),
      () => eve.press(story!, 'Another'),
      () => eve.apply(story!, 'Continue as sci-fi'),
      () => eve.slash(channel, 'scifi-limits', {}, { subcommand: 'show' }),
    ]) {
      assert.match(await ephemeralReply(attempt()), BY_MODERATORS);
    }
    for (const words of ['Every message is a prompt', 'And so is this one here']) eve.say(channel, words);
    const direct = await until(() => discord.world.directChannels.get(eve.user.id), 'a direct message');
    await until(() => direct.messages.size > 0, 'a direct message');
    await sleep(500);
    const told = [...direct.messages.values()].map(({ content }) => content);
    assert.equal(told.length, 1, 'told once');
    assert.match(told[0]!, BY_MODERATORS);
    assert.equal(await harness.queued(), before);
    assert.match(await ephemeralReply(eve.slash(channel, 'scifi-privacy')), /^What you ask me for/);
    assert.match(
      await ephemeralReply(eve.slash(channel, 'scifi-forget')),
      /A block list still holds your id/,
    );
    // In a direct message the blocks of a server's moderators do not apply.
    const elsewhere = eve.slash(discord.world.addChannel({ type: 1 }), 'scifi', STORY);
    await finished(elsewhere);
    assert.equal(await block('list'), `Blocked here: <@${eve.user.id}>.`);
    assert.match(await block('remove', { user: eve.user.id }), /^No longer blocked here/);
    await finished(eve.slash(channel, 'scifi', STORY));
    assert.equal(discord.count('invalid'), 0);
  });

  it('writes no stories in a blocked channel or its threads, and no daily line', async () => {
    const { discord, ann } = harness;
    const channel = discord.world.addChannel();
    const thread = discord.world.addChannel({ type: 11, parentId: channel.id });
    await ephemeralReply(ann.slash(channel, 'scifi-channel', { hour: 0 }, { subcommand: 'daily' }));
    await block('add', { channel: channel.id });
    for (const here of [channel, thread]) {
      const refused = await ephemeralReply(ann.slash(here, 'scifi', STORY));
      assert.match(refused, /^The moderators here have blocked this channel, so I write no stories in it\./);
    }
    const before = await harness.queued();
    await harness.bot.daily.post(channel.id);
    assert.equal(await harness.queued(), before);
    const lines = () =>
      [...channel.messages.values()].filter((one) => textOf([one]).length > 30 && !isEphemeral(one));
    assert.equal(lines().length, 0);
    await block('remove', { channel: channel.id }, channel);
    await harness.bot.daily.post(channel.id);
    await until(() => lines().length === 1, 'a line');
  });

  it('applies the operator’s blocks everywhere, also to moderators, without a direct message', async () => {
    const { discord, ann, blocks } = harness;
    const server = { platform: 'discord', kind: 'community', id: discord.world.guild.id } as const;
    await blocks.add(server);
    const refused = /^The operator of this bot has blocked this server/;
    assert.match(await ephemeralReply(ann.slash(harness.channel, 'scifi', STORY)), refused);
    assert.match(await block('list'), refused);
    const before = await harness.queued();
    const bob = new Person(discord, 'bob');
    bob.say(harness.channel, 'Every message is a prompt, still');
    await sleep(400);
    assert.equal(await harness.queued(), before);
    assert.equal(discord.world.directChannels.get(bob.user.id), undefined);
    await blocks.remove(server);
    const ofAnn = { platform: 'discord', kind: 'user', id: ann.user.id } as const;
    await blocks.add(ofAnn);
    const direct = ann.slash(discord.world.addChannel({ type: 1 }), 'scifi', STORY);
    assert.match(await ephemeralReply(direct), /^The operator of this bot has blocked you/);
    await blocks.remove(ofAnn);
  });

  it('ends the moderators’ blocks when the bot is removed from the server', async () => {
    const { discord, blocks } = harness;
    await block('add', { user: new Person(discord, 'joe').user.id });
    discord.removeBot();
    await until(
      async () => (await blocks.list('discord', discord.world.guild.id)).length === 0,
      'the blocks to go',
    );
  });
});

describe('/scifi-block on Discord', { timeout: 240_000 }, () => {
  it('reports its valid arguments', async () => {
    const harness = await openDiscord({ worker: false });
    const block = (subcommand: string, options = {}) =>
      ephemeralReply(harness.ann.slash(harness.channel, 'scifi-block', options, { subcommand }));

    assert.match(await block('add'), /^Name a user or a channel/);
    assert.match(await block('add', { user: harness.ann.user.id }), /^That is you/);
    assert.equal(await block('list'), 'No user and no channel is blocked here.');
    await harness.close();
  });
});
