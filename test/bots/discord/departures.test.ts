/** Discord settings are removed with their channel or server; refused lines there delay no other reply. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FakeChannel, PERMISSION } from '../../fakes/discord/world.ts';
import { type DiscordHarness, finished, openDiscord, textOf } from '../../harness/discord.ts';
import { until } from '../../helpers/programs.ts';

const daily = { hour: 0, timeZone: 'UTC' };
const clock = () => Date.UTC(2030, 0, 2, 12);

/** Channels with a daily line, set by the command. */
async function channelsWithLines(harness: DiscordHarness, count: number): Promise<FakeChannel[]> {
  const { world } = harness.discord;
  const channels = Array.from({ length: count }, () => world.addChannel());
  for (const { id } of channels) {
    await harness.bot.channels.write({ channelId: id, community: world.guild.id, daily });
  }
  return channels;
}

/** Whether a channel has no settings and no scheduled job. */
async function isForgotten(harness: DiscordHarness, { id }: FakeChannel): Promise<boolean> {
  const schedules = harness.connection.queue('daily-discord');
  try {
    const schedule = await schedules.getJobScheduler(`c${id}`);
    return !(await harness.bot.channels.read(id)) && !schedule;
  } finally {
    await schedules.close();
  }
}

describe('settings on Discord', { timeout: 240_000, concurrency: true }, () => {
  it('are removed with a deleted channel or thread and with the server, but not in an outage', async () => {
    const harness = await openDiscord({ worker: false });
    try {
      const { discord } = harness;
      const place = `discord:${discord.world.guild.id}`;
      const [deleted, kept] = (await channelsWithLines(harness, 2)) as [FakeChannel, FakeChannel];
      const thread = discord.world.addChannel({ type: 11, parentId: kept.id });
      await harness.bot.channels.write({ channelId: thread.id, daily });
      await harness.communityLimits.write(place, { personHourly: 3 });
      discord.world.deleteChannel(deleted);
      discord.world.deleteChannel(thread);
      await until(() => isForgotten(harness, deleted), 'the channel to be forgotten');
      await until(() => isForgotten(harness, thread), 'the thread to be forgotten');
      discord.gateway.dispatch('GUILD_DELETE', { id: discord.world.guild.id, unavailable: true });
      // Events are handled in order: after this one, the outage has been handled.
      const last = discord.world.addChannel();
      await harness.bot.channels.write({ channelId: last.id, daily });
      discord.world.deleteChannel(last);
      await until(() => isForgotten(harness, last), 'the last channel to be forgotten');
      assert.ok(!(await isForgotten(harness, kept)));
      discord.removeBot();
      await until(() => isForgotten(harness, kept), 'the server to be forgotten');
      await until(
        async () => Object.keys(await harness.communityLimits.read(place)).length === 0,
        'its limits, too',
      );
    } finally {
      await harness.close();
    }
  });

  it('are removed when the bot finds at its start that it was removed from the server', async () => {
    const harness = await openDiscord({ worker: false });
    try {
      const { world } = harness.discord;
      const [one] = (await channelsWithLines(harness, 1)) as [FakeChannel];
      await harness.restart();
      assert.ok(!(await isForgotten(harness, one)));
      await harness.bot.close();
      world.isMember = false;
      await harness.restart();
      await until(() => isForgotten(harness, one), 'the server to be forgotten');
      assert.equal(harness.discord.count('invalid'), 0);
    } finally {
      await harness.close();
    }
  });

  it('are removed at the first refused line when no gateway event reports the removal', async () => {
    const harness = await openDiscord();
    try {
      const { discord } = harness;
      const [deleted, ...others] = (await channelsWithLines(harness, 3)) as [FakeChannel, ...FakeChannel[]];
      // An earlier version did not store the server.
      await harness.bot.channels.write({ channelId: others[0]!.id, daily });
      const config = { token: discord.token, shards: 'none', api: discord.api };
      await harness.restart({ config });
      discord.world.channels.delete(deleted.id);
      await harness.bot.daily.post(deleted.id, clock());
      await until(() => isForgotten(harness, deleted), 'the channel to be forgotten');
      assert.ok(!(await isForgotten(harness, others[1]!)));
      discord.world.isMember = false;
      for (const { id } of others) await harness.bot.daily.post(id, clock());
      for (const other of others)
        await until(() => isForgotten(harness, other), 'the server to be forgotten');
    } finally {
      await harness.close();
    }
  });

  it('keep the schedule when the bot only lacks permissions, and send no line meanwhile', async () => {
    const harness = await openDiscord();
    try {
      const { discord } = harness;
      const [closed] = (await channelsWithLines(harness, 1)) as [FakeChannel];
      discord.world.allow(closed, PERMISSION.viewChannel);
      // Handled after the change of permissions.
      const marker = discord.world.addChannel();
      await harness.bot.channels.write({ channelId: marker.id, daily });
      discord.world.deleteChannel(marker);
      await until(() => isForgotten(harness, marker), 'the change to be known');
      const hopeless = (line: string) => line.includes('do not work') && line.includes(closed.id);
      for (let day = 0; day < 3; day++) {
        await harness.bot.daily.post(closed.id, clock() + day * 86_400_000);
      }
      assert.equal(harness.log.filter(hopeless).length, 1, 'said once');
      assert.equal(discord.count('invalid'), 0);
      assert.ok(!(await isForgotten(harness, closed)));
    } finally {
      await harness.close();
    }
  });

  it('may be refused forty times in one hour while users are answered', async () => {
    const harness = await openDiscord();
    try {
      const { discord, ann } = harness;
      const channels = await channelsWithLines(harness, 40);
      // The gateway sends no event about it: every line is tried.
      for (const channel of channels) channel.permissions = PERMISSION.viewChannel;
      const post = (some: readonly FakeChannel[]) =>
        Promise.all(some.map(({ id }) => harness.bot.daily.post(id, clock())));
      await post(channels.slice(0, 30));
      await until(() => discord.count(403) >= 30, 'refusals');
      await post(channels.slice(30));
      await until(
        () => harness.log.some((line) => line.includes('CALLS_SUSPENDED')),
        'lines that are held back',
      );
      const interaction = ann.slash(discord.world.addChannel(), 'scifi', { prompt: 'Unharmed', length: 200 });
      assert.ok(textOf(await finished(interaction)).startsWith('Unharmed'));
    } finally {
      await harness.close();
    }
  });
});
