/** Blocks on Slack: a blocked user gets one ephemeral reply, and no job is added. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Person } from '../../fakes/slack/people.ts';
import type { FakeChannel } from '../../fakes/slack/world.ts';
import { botsMessages, finished, openSlack, type SlackHarness, textOf } from '../../harness/slack.ts';
import { until } from '../../helpers/programs.ts';

const BY_MODERATORS =
  /^The moderators here have blocked you, so I write no stories for you\. Ask them to lift that\.$/;
const BY_OPERATOR = /^The operator of this bot has blocked/;

describe('blocks on Slack', { timeout: 240_000 }, () => {
  let harness: SlackHarness;

  before(async () => {
    harness = await openSlack({ pace: 0, allowance: 20 });
    harness.slack.world.administrators.add(harness.ann.user.id);
  });
  after(() => harness.close());

  const block = (words: string, person = harness.ann) =>
    harness.command(person, harness.channel, '/scifi-block', words);

  const nameOf = ({ user }: Person) => `<@${user.id}|${user.name}>`;
  const channelName = ({ id, name }: FakeChannel) => `<#${id}|${name}>`;

  it('refuses all requests of a blocked user in ephemeral replies, except privacy commands', async () => {
    const { slack, ann, channel } = harness;
    const eve = new Person(slack, 'eve');
    ann.slash(channel, '/scifi', 'Before all this length=200');
    const story = await finished(channel);
    const set = ann.slash(channel, '/scifi-channel', 'on cooldown=0');
    await harness.ephemeralReply(set);
    assert.match(await block(nameOf(eve)), new RegExp(`^Blocked here from now on: <@${eve.user.id}>\\.`));
    const before = await harness.queued();
    const post = ann.say(harness.channelOf(), 'A man without a shadow came in');
    for (const attempt of [
      () => eve.slash(channel, '/scifi', 'Let me in length=200'),
      () => eve.slash(channel, '/scifi', 'help'),
      () => eve.slash(channel, '/scifi-channel', 'off'),
      () => eve.slash(channel, '/scifi-limits'),
      () => eve.press(story, 'Another'),
      () => eve.shortcut(post, 'scifi-continue-message'),
    ]) {
      await sleep(2);
      assert.match(await harness.ephemeralReply(attempt()), BY_MODERATORS);
    }
    await sleep(2);
    const message = eve.say(channel, 'Every message is a prompt here');
    assert.match(await until(() => harness.ephemeralAfter(message), 'an ephemeral reply'), BY_MODERATORS);
    await sleep(2);
    const more = [
      eve.mention(channel, 'let me in, please'),
      eve.say(harness.channelOf({ kind: 'im', name: 'eve' }), 'let me in directly'),
    ];
    await sleep(500);
    assert.deepEqual(
      more.map((one) => harness.ephemeralAfter(one)),
      ['', ''],
      'told once',
    );
    assert.equal(await harness.queued(), before);
    const privacy = eve.slash(channel, '/scifi-privacy');
    assert.match(await harness.ephemeralReply(privacy), /^What you ask me for/);
    await sleep(2);
    const forgotten = await harness.ephemeralReply(eve.slash(channel, '/scifi-forget'));
    assert.match(forgotten, /nothing else that I keep holds your id any more/);
    assert.match(forgotten, /A block list still holds your id/);
    // Other users are not blocked, and a lifted block has no effect.
    assert.equal(await block('list'), `Blocked here: <@${eve.user.id}>.`);
    assert.match(await block(`remove ${nameOf(eve)}`), /^No longer blocked here/);
    assert.match(await block(`remove ${nameOf(eve)}`), /is not blocked here\.$/);
    eve.slash(channel, '/scifi', 'Now at last length=200');
    await finished(channel, (one) => textOf(one).startsWith('Now at last'));
  });

  it('writes no stories and no daily line in a blocked channel, which can unblock itself', async () => {
    const { ann, slack } = harness;
    const channel = harness.channelOf();
    const set = ann.slash(channel, '/scifi-channel', 'daily hour=0');
    await harness.ephemeralReply(set);
    await block(channelName(channel));
    const refused = await harness.ephemeralReply(ann.slash(channel, '/scifi', 'In here length=200'));
    assert.match(refused, /^The moderators here have blocked this channel, so I write no stories in it\./);
    const before = await harness.queued();
    await harness.bot.daily.post(`${slack.workspace.id}-${channel.id}`);
    assert.equal(await harness.queued(), before);
    assert.equal(botsMessages(channel).length, 0);
    await sleep(2);
    await harness.ephemeralReply(ann.slash(channel, '/scifi-block', `remove ${channelName(channel)}`));
    await harness.bot.daily.post(`${slack.workspace.id}-${channel.id}`);
    await finished(channel);
  });

  it('applies the operator’s blocks to moderators, too', async () => {
    const { ann, slack, blocks } = harness;
    const everywhere = { platform: 'slack', kind: 'community', id: slack.workspace.id } as const;
    await blocks.add(everywhere);
    assert.match(await block('list'), BY_OPERATOR);
    await blocks.remove(everywhere);
    const ofAnn = { platform: 'slack', kind: 'user', id: ann.user.id } as const;
    await blocks.add(ofAnn);
    assert.match(
      await harness.ephemeralReply(ann.slash(harness.channelOf(), '/scifi', 'Me length=200')),
      BY_OPERATOR,
    );
    await blocks.remove(ofAnn);
  });

  it('are for administrators, report their valid arguments, and end with the app', async () => {
    const { ann, slack, blocks } = harness;
    const bob = new Person(slack, 'bob');
    assert.match(
      await block(nameOf(ann), bob),
      /^Only administrators may do that in this workspace\. Ask one of them\.$/,
    );
    assert.match(await block('list', bob), /^Only administrators/);
    assert.match(await block(''), /`\/scifi-block remove @ann`/);
    assert.match(await block('eve'), /^Name users and channels as Slack offers them/);
    assert.match(await block('add'), /^Name a user or a channel/);
    assert.match(await block(nameOf(ann)), /^That is you/);
    await block(nameOf(bob));
    const operators = { platform: 'slack', kind: 'user', id: 'U0000' } as const;
    await blocks.add(operators);
    slack.uninstall(slack.workspace);
    await until(
      async () => (await blocks.list('slack', slack.workspace.id)).length === 0,
      'the blocks to go',
    );
    assert.deepEqual(await blocks.list('slack', undefined), [operators]);
  });
});
