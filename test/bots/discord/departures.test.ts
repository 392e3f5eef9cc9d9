/** Discord settings are removed with their channel or server; refused lines there delay no other reply. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { postLine } from '../../../src/bots/commands/daily.ts';
import { type FakeChannel, PERMISSION } from '../../fakes/discord/world.ts';
import { until } from '../../helpers/programs.ts';
import { finished, type House, openHouse, textOf } from './house.ts';

const daily = { hour: 0, timeZone: 'UTC' };
const clock = () => Date.UTC(2030, 0, 2, 12);

/** Channels with a daily line, set by the command. */
async function channelsWithLines(house: House, count: number): Promise<FakeChannel[]> {
  const { world } = house.discord;
  const channels = Array.from({ length: count }, () => world.addChannel());
  for (const { id } of channels) {
    await house.bot.channels.write({ channelId: id, community: world.guild.id, daily });
  }
  return channels;
}

/** Whether a channel has no settings and no scheduled job. */
async function isForgotten(house: House, { id }: FakeChannel): Promise<boolean> {
  const schedules = house.connection.queue('daily-discord');
  try {
    const schedule = await schedules.getJobScheduler(`c${id}`);
    return !(await house.bot.channels.read(id)) && !schedule;
  } finally {
    await schedules.close();
  }
}

describe('settings on Discord', { timeout: 120_000, concurrency: true }, () => {
  it('are removed with a deleted channel or thread and with the server, but not in an outage', async () => {
    const house = await openHouse({ worker: false });
    try {
      const { discord } = house;
      const place = `discord:${discord.world.guild.id}`;
      const [deleted, kept] = (await channelsWithLines(house, 2)) as [FakeChannel, FakeChannel];
      const thread = discord.world.addChannel({ type: 11, parentId: kept.id });
      await house.bot.channels.write({ channelId: thread.id, daily });
      await house.communityLimits.write(place, { personHourly: 3 });
      discord.world.deleteChannel(deleted);
      discord.world.deleteChannel(thread);
      await until(() => isForgotten(house, deleted), 'the channel to be forgotten');
      await until(() => isForgotten(house, thread), 'the thread to be forgotten');
      discord.gateway.dispatch('GUILD_DELETE', { id: discord.world.guild.id, unavailable: true });
      // Events are handled in order: after this one, the outage has been handled.
      const last = discord.world.addChannel();
      await house.bot.channels.write({ channelId: last.id, daily });
      discord.world.deleteChannel(last);
      await until(() => isForgotten(house, last), 'the last channel to be forgotten');
      assert.ok(!(await isForgotten(house, kept)));
      discord.removeBot();
      await until(() => isForgotten(house, kept), 'the server to be forgotten');
      await until(
        async () => Object.keys(await house.communityLimits.read(place)).length === 0,
        'its limits, too',
      );
    } finally {
      await house.close();
    }
  });

  it('are removed when the bot finds at its start that it was removed from the server', async () => {
    const house = await openHouse({ worker: false });
    try {
      const { world } = house.discord;
      const [one] = (await channelsWithLines(house, 1)) as [FakeChannel];
      await house.restart();
      assert.ok(!(await isForgotten(house, one)));
      await house.bot.close();
      world.isMember = false;
      await house.restart();
      await until(() => isForgotten(house, one), 'the server to be forgotten');
      assert.equal(house.discord.count('invalid'), 0);
    } finally {
      await house.close();
    }
  });

  it('are removed at the first refused line when no gateway event reports the removal', async () => {
    const house = await openHouse();
    try {
      const { discord } = house;
      const [deleted, ...others] = (await channelsWithLines(house, 3)) as [FakeChannel, ...FakeChannel[]];
      // An earlier version did not store the server.
      await house.bot.channels.write({ channelId: others[0]!.id, daily });
      const config = { token: discord.token, shards: 'none', api: discord.api };
      await house.restart({ config });
      discord.world.channels.delete(deleted.id);
      await postLine(deleted.id, { ...house.tools(), clock });
      await until(() => isForgotten(house, deleted), 'the channel to be forgotten');
      assert.ok(!(await isForgotten(house, others[1]!)));
      discord.world.isMember = false;
      for (const { id } of others) await postLine(id, { ...house.tools(), clock });
      for (const other of others) await until(() => isForgotten(house, other), 'the server to be forgotten');
    } finally {
      await house.close();
    }
  });

  it('keep the schedule when the bot only lacks permissions, and send no line meanwhile', async () => {
    const house = await openHouse();
    try {
      const { discord } = house;
      const [closed] = (await channelsWithLines(house, 1)) as [FakeChannel];
      discord.world.allow(closed, PERMISSION.viewChannel);
      // Handled after the change of permissions.
      const marker = discord.world.addChannel();
      await house.bot.channels.write({ channelId: marker.id, daily });
      discord.world.deleteChannel(marker);
      await until(() => isForgotten(house, marker), 'the change to be known');
      const hopeless = (line: string) => line.includes('does not work') && line.includes(closed.id);
      for (let day = 0; day < 3; day++) {
        await postLine(closed.id, { ...house.tools(), clock: () => clock() + day * 86_400_000 });
      }
      assert.equal(house.log.filter(hopeless).length, 1, 'said once');
      assert.equal(discord.count('invalid'), 0);
      assert.ok(!(await isForgotten(house, closed)));
    } finally {
      await house.close();
    }
  });

  it('may be refused forty times in one hour while users are answered', async () => {
    const house = await openHouse();
    try {
      const { discord, ann } = house;
      const channels = await channelsWithLines(house, 40);
      // The gateway sends no event about it: every line is tried.
      for (const channel of channels) channel.permissions = PERMISSION.viewChannel;
      const post = (some: readonly FakeChannel[]) =>
        Promise.all(some.map(({ id }) => postLine(id, { ...house.tools(), clock })));
      await post(channels.slice(0, 30));
      await until(() => discord.count(403) >= 30, 'refusals', 30_000);
      await post(channels.slice(30));
      await until(
        () => house.log.some((line) => line.includes('CALLS_SUSPENDED')),
        'lines that are held back',
      );
      const interaction = ann.slash(discord.world.addChannel(), 'scifi', { prompt: 'Unharmed', length: 200 });
      assert.ok(textOf(await finished(interaction)).startsWith('Unharmed'));
    } finally {
      await house.close();
    }
  });
});
