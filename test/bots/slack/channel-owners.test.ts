/** Who may set up a channel on Slack, and when its settings end with the channel or the workspace. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { postLine } from '../../../src/bots/commands/daily.ts';
import { Person } from '../../fakes/slack/people.ts';
import type { FakeChannel } from '../../fakes/slack/world.ts';
import { until } from '../../helpers/programs.ts';
import { botsMessages, finished, type House, isOver, openHouse, textOf } from './house.ts';

/** Uses `/scifi-channel` and returns the ephemeral reply. */
async function set(house: House, person: Person, channel: FakeChannel, text: string): Promise<string> {
  // Later messages get a later millisecond than earlier ones.
  await sleep(2);
  const delivery = person.slash(channel, '/scifi-channel', text);
  return until(() => house.heard(delivery), 'an answer');
}

const REFUSED =
  /^Only those who administrate this workspace and the creator of this channel may change that\./;

describe('the permission to set up a channel on Slack', { timeout: 60_000 }, () => {
  let house: House;
  const bob = () => new Person(house.slack, 'bob');
  const open = (isEverybody: boolean, ...ids: string[]) =>
    house.restart({
      config: { ...house.config, channelManagers: { isEverybody, ids: new Set(ids) } },
    });

  before(async () => {
    house = await openHouse({ pace: 0, allowance: 20 });
  });
  after(() => house.close());

  it('is given to administrators and the creator; other users may read the settings', async () => {
    const { ann, slack } = house;
    for (const kind of ['channel', 'group'] as const) {
      const channel = house.channelOf({ kind });
      const stranger = bob();
      for (const text of ['on', 'daily hour=0', 'off']) {
        assert.match(await set(house, stranger, channel, text), REFUSED, text);
      }
      assert.match(await set(house, ann, channel, 'on'), /^Every message/);
      assert.match(await set(house, stranger, channel, 'off'), REFUSED);
      assert.match(await set(house, stranger, channel, 'status'), /^Every message/);
      slack.world.administrators.add(stranger.user.id);
      assert.match(await set(house, stranger, channel, 'off'), /^Off: /);
    }
  });

  it('of a direct message is given to its user', async () => {
    const direct = house.channelOf({ kind: 'im', creatorId: undefined });
    assert.match(await set(house, bob(), direct, 'on'), /^Every message/);
  });

  it('reports the missing scope; the creator is checked without the scope for administrators', async () => {
    const { slack, ann } = house;
    const all = slack.workspace.scopes;
    const channel = house.channelOf();
    slack.workspace.scopes = all.filter((scope) => scope !== 'users:read');
    assert.match(await set(house, bob(), channel, 'on'), /^I may not see who administrates this workspace/);
    assert.match(await set(house, ann, channel, 'on'), /^Every message/);
    slack.workspace.scopes = all.filter((scope) => scope !== 'channels:read');
    assert.match(await set(house, ann, channel, 'off'), REFUSED);
    slack.workspace.scopes = all;
  });

  it('is given by the operator to named users and workspaces, or to all users', async () => {
    const named = bob();
    const channel = house.channelOf();
    await open(false, named.user.id);
    assert.match(await set(house, named, channel, 'on'), /^Every message/);
    assert.match(await set(house, bob(), channel, 'off'), REFUSED);
    await open(false, house.slack.workspace.id);
    assert.match(await set(house, bob(), channel, 'off'), /^Off: /);
    await open(true);
    assert.match(await set(house, bob(), channel, 'on'), /^Every message/);
  });
});

describe('channel settings on Slack', { timeout: 60_000 }, () => {
  let house: House;

  before(async () => {
    house = await openHouse({ pace: 0, allowance: 20 });
  });
  after(() => house.close());

  const keyOf = ({ id }: FakeChannel) => `${house.slack.workspace.id}-${id}`;
  const isSet = async (channel: FakeChannel) => {
    const daily = house.connection.queue('daily-slack');
    const scheduler = await daily.getJobScheduler(`c${keyOf(channel)}`);
    await daily.close();
    return [await house.bot.channels.read(keyOf(channel)), scheduler].some(Boolean);
  };

  it('end with their channel: archived, deleted, or left', async () => {
    const { slack, ann } = house;
    const stays = house.channelOf();
    await set(house, ann, stays, 'daily hour=0');
    for (const kind of ['channel', 'group'] as const) {
      for (const how of ['archive', 'deleted', 'left'] as const) {
        const channel = house.channelOf({ kind });
        await set(house, ann, channel, 'on');
        await set(house, ann, channel, 'daily hour=0');
        assert.ok(await isSet(channel));
        slack.close(channel, how);
        await until(async () => !(await isSet(channel)), `${kind} ${how}`);
      }
    }
    assert.ok(await isSet(stays));
  });

  it('end at the next daily line where the end of the channel was not reported', async () => {
    const { slack, ann } = house;
    for (const close of [
      (channel: FakeChannel) => {
        channel.isArchived = true;
      },
      (channel: FakeChannel) => void slack.world.channels.delete(channel.id),
      (channel: FakeChannel) => {
        channel.isMember = false;
      },
    ]) {
      const channel = house.channelOf();
      await set(house, ann, channel, 'daily hour=0');
      close(channel);
      await postLine(keyOf(channel), house.tools());
      assert.ok(!(await isSet(channel)));
      assert.equal(botsMessages(channel).length, 0);
    }
    const refused = slack.log.filter(
      ({ method, outcome }) => method === 'chat.postMessage' && outcome !== 'ok',
    );
    assert.deepEqual(refused, []);
    // During a Slack outage, no settings end.
    const channel = house.channelOf();
    await set(house, ann, channel, 'daily hour=0');
    slack.misbehave({ match: /conversations.info/, answer: 503 });
    await postLine(keyOf(channel), house.tools());
    assert.ok(await isSet(channel));
    await finished(channel);
  });

  it('end with the app in its workspace', async () => {
    const { slack, ann, connection } = house;
    const channel = house.channelOf();
    await set(house, ann, channel, 'daily hour=0');
    slack.world.administrators.add(ann.user.id);
    const limits = ann.slash(channel, '/scifi-limits', 'person-at-once=1');
    await until(() => house.heard(limits), 'an answer');
    const queues = ['settings-slack-channels', 'settings-limits'].map((name) => connection.queue(name));
    slack.uninstall(slack.workspace);
    for (const queue of queues)
      await until(async () => (await queue.getJobs(['wait'])).length === 0, queue.name);
    assert.ok(!(await isSet(channel)));
    for (const queue of queues) await queue.close();
  });
});

describe('many daily lines at one hour on Slack', { timeout: 60_000 }, () => {
  it('leave the edits of their workspace to users who wait for a story', async () => {
    const house = await openHouse();
    try {
      const { ann, slack } = house;
      const channels = Array.from({ length: 12 }, () => house.channelOf());
      for (const channel of channels) {
        const channelId = `${slack.workspace.id}-${channel.id}`;
        await house.bot.channels.write({ channelId, daily: { hour: 0, timeZone: 'UTC' } });
      }
      const tools = house.tools();
      await Promise.all(channels.map(({ id }) => postLine(`${slack.workspace.id}-${id}`, { ...tools })));
      const mine = house.channelOf();
      const delivery = ann.slash(mine, '/scifi', 'What of me length=900');
      const story = await finished(mine, undefined, 30_000);
      assert.equal(house.heard(delivery), '', 'not crowded');
      assert.ok(new Set(story.history.map(textOf)).size >= 3, `${story.history.length} states`);
      for (const channel of channels) {
        const line = await until(() => botsMessages(channel).find(isOver), 'a line');
        assert.equal(line.history.length, 1);
      }
    } finally {
      await house.close();
    }
  });
});
