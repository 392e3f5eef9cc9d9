/** Who may set up a channel on Slack, and when its settings end with the channel or the workspace. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Person } from '../../fakes/slack/people.ts';
import type { FakeChannel } from '../../fakes/slack/world.ts';
import { botsMessages, finished, isOver, openSlack, type SlackHarness, textOf } from '../../harness/slack.ts';
import { until } from '../../helpers/programs.ts';

/** Uses `/scifi-channel` and returns the ephemeral reply. */
function set(harness: SlackHarness, person: Person, channel: FakeChannel, text: string): Promise<string> {
  return harness.command(person, channel, '/scifi-channel', text);
}

const REFUSED = /^Only administrators and the creator of this channel may do that in this workspace\./;

describe('the permission to set up a channel on Slack', { timeout: 240_000 }, () => {
  let harness: SlackHarness;
  const bob = () => new Person(harness.slack, 'bob');
  const open = (isEverybody: boolean, ...ids: string[]) =>
    harness.restart({
      config: { ...harness.config, channelManagers: { isEverybody, ids: new Set(ids) } },
    });

  before(async () => {
    harness = await openSlack({ pace: 0, allowance: 20 });
  });
  after(() => harness.close());

  it('is given to administrators and the creator; other users may read the settings', async () => {
    const { ann, slack } = harness;
    for (const kind of ['channel', 'group'] as const) {
      const channel = harness.channelOf({ kind });
      const stranger = bob();
      for (const text of ['on', 'daily hour=0', 'off']) {
        assert.match(await set(harness, stranger, channel, text), REFUSED, text);
      }
      assert.match(await set(harness, ann, channel, 'on'), /^Every message/);
      assert.match(await set(harness, stranger, channel, 'off'), REFUSED);
      assert.match(await set(harness, stranger, channel, 'status'), /^Every message/);
      slack.world.administrators.add(stranger.user.id);
      assert.match(await set(harness, stranger, channel, 'off'), /^Off: /);
    }
  });

  it('of a direct message is given to its user', async () => {
    const direct = harness.channelOf({ kind: 'im', creatorId: undefined });
    assert.match(await set(harness, bob(), direct, 'on'), /^Every message/);
  });

  it('reports the missing scope; the creator is checked without the scope for administrators', async () => {
    const { slack, ann } = harness;
    const all = slack.workspace.scopes;
    const channel = harness.channelOf();
    slack.workspace.scopes = all.filter((scope) => scope !== 'users:read');
    assert.match(
      await set(harness, bob(), channel, 'on'),
      /^I may not see who the administrators of this workspace are/,
    );
    assert.match(await set(harness, ann, channel, 'on'), /^Every message/);
    slack.workspace.scopes = all.filter((scope) => scope !== 'channels:read');
    assert.match(await set(harness, ann, channel, 'off'), REFUSED);
    slack.workspace.scopes = all;
  });

  it('is given by the operator to named users and workspaces, or to all users', async () => {
    const named = bob();
    const channel = harness.channelOf();
    await open(false, named.user.id);
    assert.match(await set(harness, named, channel, 'on'), /^Every message/);
    assert.match(await set(harness, bob(), channel, 'off'), REFUSED);
    await open(false, harness.slack.workspace.id);
    assert.match(await set(harness, bob(), channel, 'off'), /^Off: /);
    await open(true);
    assert.match(await set(harness, bob(), channel, 'on'), /^Every message/);
  });
});

describe('channel settings on Slack', { timeout: 240_000 }, () => {
  let harness: SlackHarness;

  before(async () => {
    harness = await openSlack({ pace: 0, allowance: 20 });
  });
  after(() => harness.close());

  const keyOf = ({ id }: FakeChannel) => `${harness.slack.workspace.id}-${id}`;
  const isSet = async (channel: FakeChannel) => {
    const daily = harness.connection.queue('daily-slack');
    const scheduler = await daily.getJobScheduler(`c${keyOf(channel)}`);
    await daily.close();
    return [await harness.bot.channels.read(keyOf(channel)), scheduler].some(Boolean);
  };

  it('end with their channel: archived, deleted, or left', async () => {
    const { slack, ann } = harness;
    const stays = harness.channelOf();
    await set(harness, ann, stays, 'daily hour=0');
    for (const kind of ['channel', 'group'] as const) {
      for (const how of ['archive', 'deleted', 'left'] as const) {
        const channel = harness.channelOf({ kind });
        await set(harness, ann, channel, 'on');
        await set(harness, ann, channel, 'daily hour=0');
        assert.ok(await isSet(channel));
        slack.close(channel, how);
        await until(async () => !(await isSet(channel)), `${kind} ${how}`);
      }
    }
    assert.ok(await isSet(stays));
  });

  it('end at the next daily line where the end of the channel was not reported', async () => {
    const { slack, ann } = harness;
    for (const close of [
      (channel: FakeChannel) => {
        channel.isArchived = true;
      },
      (channel: FakeChannel) => void slack.world.channels.delete(channel.id),
      (channel: FakeChannel) => {
        channel.isMember = false;
      },
    ]) {
      const channel = harness.channelOf();
      await set(harness, ann, channel, 'daily hour=0');
      close(channel);
      await harness.bot.daily.post(keyOf(channel));
      assert.ok(!(await isSet(channel)));
      assert.equal(botsMessages(channel).length, 0);
    }
    const refused = slack.log.filter(
      ({ method, outcome }) => method === 'chat.postMessage' && outcome !== 'ok',
    );
    assert.deepEqual(refused, []);
    // During a Slack outage, no settings end.
    const channel = harness.channelOf();
    await set(harness, ann, channel, 'daily hour=0');
    slack.misbehave({ match: /conversations.info/, answer: 503 });
    await harness.bot.daily.post(keyOf(channel));
    assert.ok(await isSet(channel));
    await finished(channel);
  });

  it('end with the app in its workspace', async () => {
    const { slack, ann, connection } = harness;
    const channel = harness.channelOf();
    await set(harness, ann, channel, 'daily hour=0');
    slack.world.administrators.add(ann.user.id);
    const limits = ann.slash(channel, '/scifi-limits', 'person-at-once=1');
    await harness.ephemeralReply(limits);
    const queues = ['settings-slack-channels', 'settings-limits'].map((name) => connection.queue(name));
    slack.uninstall(slack.workspace);
    for (const queue of queues)
      await until(async () => (await queue.getJobs(['wait'])).length === 0, queue.name);
    assert.ok(!(await isSet(channel)));
    for (const queue of queues) await queue.close();
  });
});

describe('many daily lines at one hour on Slack', { timeout: 240_000 }, () => {
  it('leave the edits of their workspace to users who wait for a story', async () => {
    const harness = await openSlack();
    try {
      const { ann, slack } = harness;
      const channels = Array.from({ length: 12 }, () => harness.channelOf());
      for (const channel of channels) {
        const channelId = `${slack.workspace.id}-${channel.id}`;
        await harness.bot.channels.write({ channelId, daily: { hour: 0, timeZone: 'UTC' } });
      }
      await Promise.all(channels.map(({ id }) => harness.bot.daily.post(`${slack.workspace.id}-${id}`)));
      const mine = harness.channelOf();
      const delivery = ann.slash(mine, '/scifi', 'What of me length=900');
      const story = await finished(mine);
      assert.equal(harness.ephemeralTo(delivery), '', 'not crowded');
      assert.ok(new Set(story.history.map(textOf)).size >= 3, `${story.history.length} states`);
      for (const channel of channels) {
        const line = await until(() => botsMessages(channel).find(isOver), 'a line');
        assert.equal(line.history.length, 1);
      }
    } finally {
      await harness.close();
    }
  });
});
