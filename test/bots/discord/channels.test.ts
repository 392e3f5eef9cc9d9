/** Story-prompt channels and the daily line, from the command to the stories. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Person } from '../../fakes/discord/people.ts';
import {
  ALL_PERMISSIONS,
  type FakeChannel,
  type FakeMessage,
  PERMISSION,
} from '../../fakes/discord/world.ts';
import {
  type DiscordHarness,
  EPHEMERAL,
  ephemeralReply,
  finished,
  isOver,
  openDiscord,
  textOf,
} from '../../harness/discord.ts';
import { until } from '../../helpers/programs.ts';

/** Uses `/scifi-channel` and returns the ephemeral reply. */
async function set(
  harness: DiscordHarness,
  channel: FakeChannel,
  subcommand: string,
  options: Record<string, unknown> = {},
): Promise<string> {
  const interaction = harness.ann.slash(channel, 'scifi-channel', options, { subcommand });
  return ephemeralReply(interaction);
}

/** The bot's reply to a message, once its story has ended. */
async function answerTo(message: FakeMessage): Promise<FakeMessage> {
  const isAnswer = ({ replyTo }: FakeMessage) => replyTo === message.id;
  const answer = await until(() => [...message.channel.messages.values()].find(isAnswer), 'an answer');
  await until(() => isOver(answer), 'the end of a story');
  return answer;
}

function botsMessages(channel: FakeChannel): FakeMessage[] {
  return [...channel.messages.values()].filter(({ author, flags }) => author.bot && !(flags & EPHEMERAL));
}

describe('channels on Discord', { timeout: 240_000, concurrency: true }, () => {
  describe('a story-prompt channel', { timeout: 240_000, concurrency: true }, () => {
    let harness: DiscordHarness;

    before(async () => {
      harness = await openDiscord({ readsMessages: true, pace: 0 });
    });
    after(() => harness.close());

    it('answers every message, except within the cooldown, short ones, and those of bots', async () => {
      const { discord, ann } = harness;
      const channel = discord.world.addChannel();
      const said = await set(harness, channel, 'on', { messages: 'every', cooldown: 60, minimum: 12 });
      assert.match(said, /^Every message with at least 12 characters is a prompt, once in 60 seconds/);
      const prompt = ann.say(channel, 'The robots had a union now');
      const answer = await answerTo(prompt);
      assert.ok(textOf([answer]).startsWith('The robots had a union now'));
      const again = ann.say(channel, 'And they wanted holidays');
      await until(() => discord.world.reactions.find(({ messageId }) => messageId === again.id), 'a sign');
      new Person(discord, 'eve').say(channel, 'short');
      const bob = new Person(discord, 'bob');
      await answerTo(bob.say(channel, 'On Venus, nobody had an umbrella'));
      await sleep(300);
      assert.equal(botsMessages(channel).length, 2);
      assert.equal(discord.count('invalid'), 0);
    });

    it('reacts to a slur without answering, and masks the name of a thread', async () => {
      const { discord, ann } = harness;
      const channel = discord.world.addChannel();
      await set(harness, channel, 'on', { messages: 'every', threads: true });
      const slur = new Person(discord, 'eve').say(channel, 'The w0ps took over the ship');
      const sign = await until(
        () => discord.world.reactions.find(({ messageId }) => messageId === slur.id),
        'a sign',
      );
      assert.equal(decodeURIComponent(sign.emoji), '🤐');
      const prompt = ann.say(channel, 'What the fuck, said the moon');
      const thread = await until(() => discord.world.channels.get(prompt.id), 'a thread');
      assert.equal(thread.name, 'What the f***, said the moon');
      const story = await until(() => botsMessages(thread).find(isOver), 'a story');
      assert.ok(textOf([story]).startsWith('What the f***, said the moon'));
      assert.equal(botsMessages(channel).length, 0);
      assert.equal(discord.world.channels.get(slur.id), undefined);
    });

    it('opens a thread for every story when set to', async () => {
      const { discord, ann } = harness;
      const channel = discord.world.addChannel();
      await set(harness, channel, 'on', { messages: 'every', threads: true });
      const prompt = ann.say(channel, 'Somebody had painted the moon');
      const thread = await until(() => discord.world.channels.get(prompt.id), 'a thread');
      assert.equal(thread.name, 'Somebody had painted the moon');
      const story = await until(() => botsMessages(thread).find(isOver), 'a story');
      assert.ok(textOf([story]).startsWith('Somebody had painted the moon'));
      assert.equal(botsMessages(channel).length, 0);
    });

    it('refuses threads in a thread and a voice channel, and names the required permissions', async () => {
      const { world } = harness.discord;
      const parent = world.addChannel();
      const messages = { messages: 'every' };
      for (const type of [2, 11] as const) {
        const channel = world.addChannel(type === 11 ? { type, parentId: parent.id } : { type });
        const refused = await set(harness, channel, 'on', { ...messages, threads: true });
        assert.match(
          refused,
          /^Nothing was changed: stories in a (thread|voice channel) cannot have threads/,
        );
        assert.match(await set(harness, channel, 'on', messages), /^Every message/);
        await set(harness, channel, 'off');
      }
      const permissions = ALL_PERMISSIONS & ~PERMISSION.sendMessagesInThreads;
      const thread = world.addChannel({ type: 11, parentId: parent.id, permissions });
      assert.match(await set(harness, thread, 'on', messages), /I need Send Messages in Threads\./);
      assert.match(await set(harness, thread, 'daily', { hour: 1 }), /I need Send Messages in Threads\./);
    });

    it('reports once, where it was set, that it no longer works', async () => {
      const { discord, ann } = harness;
      const notice = /^No story can be written here: I need Create Public Threads in this channel\./;
      const channel = discord.world.addChannel();
      await set(harness, channel, 'on', { messages: 'every', threads: true, cooldown: 0 });
      discord.world.allow(channel, ALL_PERMISSIONS & ~PERMISSION.createPublicThreads);
      ann.say(channel, 'The robots had a union now');
      const told = await until(() => botsMessages(channel)[0], 'a notice');
      assert.match(told.content, notice);
      ann.say(channel, 'And they wanted holidays');
      discord.world.allow(channel, ALL_PERMISSIONS);
      // Handled after the second prompt.
      const prompt = ann.say(channel, 'Somebody had painted the moon');
      await until(() => discord.world.channels.get(prompt.id), 'a thread');
      assert.equal(botsMessages(channel).length, 1);

      const mute = discord.world.addChannel();
      await set(harness, mute, 'on', { messages: 'every', cooldown: 0 });
      discord.world.allow(mute, ALL_PERMISSIONS & ~PERMISSION.sendMessages);
      const unheard = ann.say(mute, 'The robots had a union now');
      const sign = await until(
        () => discord.world.reactions.find(({ messageId }) => messageId === unheard.id),
        'a sign',
      );
      assert.equal(decodeURIComponent(sign.emoji), '⚠️');
      assert.equal(discord.count(403), 0);
    });

    it('answers a mention of the bot’s own role, and replaces other mentions by names', async () => {
      const { discord, ann } = harness;
      const channel = discord.world.addChannel();
      await set(harness, channel, 'on', { messages: 'mentions', cooldown: 0 });
      const role = `<@&${discord.world.botRoleId}>`;
      const asked = ann.say(channel, `${role} The captain <:rocket:1234567890> of <#${channel.id}> rose`);
      const text = textOf([await answerTo(asked)]);
      assert.ok(text.startsWith('The captain of stories rose'), text);
      for (const wordless of ['<:rocket:12345678901234567890>', 'https://example.org/a/long/way']) {
        ann.say(channel, `${role} ${wordless}`);
      }
      await answerTo(ann.say(channel, `${role} The end of the line`));
      assert.equal(botsMessages(channel).length, 2);
    });

    it('names a missing permission and an unknown time zone', async () => {
      const { discord } = harness;
      const permissions = PERMISSION.viewChannel | PERMISSION.sendMessages;
      const channel = discord.world.addChannel({ permissions });
      const refused = await set(harness, channel, 'on', { messages: 'every', threads: true });
      assert.match(
        refused,
        /^Nothing was changed: in this channel I need Read Message History, Create Public Threads, and Send Messages in Threads\./,
      );
      assert.match(
        await set(harness, channel, 'daily', { hour: 8, timezone: 'Mars/Olympus' }),
        /no time zone/,
      );
      assert.match(await set(harness, channel, 'status'), /^Nothing is set/);
    });

    it('gets one opening line a day, which any user can continue', async () => {
      const { discord } = harness;
      const channel = discord.world.addChannel();
      assert.match(
        await set(harness, channel, 'daily', { hour: 0 }),
        /An opening line comes every day at 0:00, UTC/,
      );
      const clock = () => Date.UTC(2030, 0, 2, 0, 0, 1);
      await Promise.all([
        harness.bot.daily.post(channel.id, clock()),
        harness.bot.daily.post(channel.id, clock()),
      ]);
      const line = await until(() => botsMessages(channel).find(isOver), 'a line');
      assert.ok(textOf([line]).length > 30);
      const bob = new Person(discord, 'bob');
      assert.notEqual(textOf(await finished(bob.press(line, 'Continue'))), '');
      await harness.bot.daily.post(channel.id, clock() + 24 * 3_600_000);
      await until(() => botsMessages(channel).filter(isOver).length === 3, 'the next day’s line');
    });

    it('gets its line from the scheduled job at its hour', async () => {
      const { discord } = harness;
      const channel = discord.world.addChannel();
      await set(harness, channel, 'daily', { hour: 0 });
      const scheduler = harness.connection.queue<{ channelId: string }, void>('daily-discord');
      // The same scheduled job, with an hour that is always the current one.
      await scheduler.upsertJobScheduler(
        `c${channel.id}`,
        { every: 1_000 },
        { name: 'line', data: { channelId: channel.id } },
      );
      await until(() => botsMessages(channel).find(isOver), 'a line');
      await sleep(1_500);
      assert.equal(botsMessages(channel).length, 1, 'one a day, however often it is asked for');
      await set(harness, channel, 'off');
      assert.equal(await scheduler.getJobScheduler(`c${channel.id}`), undefined);
      await scheduler.close();
    });
  });

  describe('an invalid schedule', { timeout: 240_000 }, () => {
    it('is found, repaired and logged', async () => {
      const harness = await openDiscord({ pace: 0 });
      const schedules = harness.connection.queue<{ channelId: string }, void>('daily-discord');
      try {
        const { discord } = harness;
        const [lost, stuck, good] = [0, 1, 2].map(() => discord.world.addChannel());
        for (const channel of [lost!, stuck!, good!]) await set(harness, channel, 'daily', { hour: 8 });
        const idOf = ({ id }: FakeChannel) => `c${id}`;
        const before = await schedules.getJobScheduler(idOf(good!));
        await schedules.removeJobScheduler(idOf(lost!));
        // The bot computes no next time for a pattern that it did not write: the schedule ends with this job.
        await schedules.upsertJobScheduler(
          idOf(stuck!),
          { pattern: '* * * * * *' },
          { name: 'line', data: { channelId: stuck!.id } },
        );
        await sleep(1_000);
        const { next } = (await schedules.getJobScheduler(idOf(stuck!)))!;
        const last = `repeat:${idOf(stuck!)}:${next}`;
        await until(async () => (await schedules.getJobState(last)) === 'completed', 'the last line');
        const template = { name: 'line', data: { channelId: 'gone' } };
        await schedules.upsertJobScheduler('cgone', { pattern: '0 8 * * *' }, template);
        // Its process was lost between the setting without a daily line and the schedule.
        const undone = discord.world.addChannel();
        await set(harness, undone, 'together', { hosts: 'nobody' });
        await schedules.upsertJobScheduler(idOf(undone), { pattern: '0 8 * * *' }, template);

        await harness.bot.daily.repairSchedules();

        assert.equal((await schedules.getJobScheduler(idOf(lost!)))?.next, before?.next);
        assert.equal((await schedules.getJobScheduler(idOf(stuck!)))?.next, before?.next);
        assert.equal(await schedules.getJobScheduler('cgone'), undefined);
        assert.equal(await schedules.getJobScheduler(idOf(undone)), undefined);
        const warned = harness.log.filter((line) => line.includes('has one again'));
        for (const { id } of [lost!, stuck!]) assert.ok(warned.some((line) => line.includes(id)));
        assert.ok(!warned.some((line) => line.includes(good!.id)));
      } finally {
        await schedules.close();
        await harness.close();
      }
    });
  });

  describe('the settings of channels', { timeout: 240_000 }, () => {
    it('persist across processes, are shown by status, and are removed by off', async () => {
      const harness = await openDiscord({ pace: 0 });
      try {
        const { discord, ann } = harness;
        const channel = discord.world.addChannel();
        await set(harness, channel, 'on', { messages: 'mentions', minimum: 5 });
        await set(harness, channel, 'daily', { hour: 8, timezone: 'Europe/Vienna' });
        const second = await harness.another();
        const status = await set(harness, channel, 'status');
        assert.match(
          status,
          /^Every message that mentions me .*\nAn opening line comes every day at 8:00, Europe\/Vienna\.$/,
        );
        ann.say(channel, 'This is not for the robot at all');
        const asked = ann.say(channel, `<@${discord.world.bot.id}> The tide never came back`);
        const answer = await answerTo(asked);
        assert.ok(textOf([answer]).startsWith('The tide never came back'));
        assert.equal(botsMessages(channel).length, 1, 'two processes heard it, one story answers');
        await second.close();
        assert.match(await set(harness, channel, 'off'), /^Off: /);
        assert.match(await set(harness, channel, 'status'), /^Nothing is set/);
        new Person(discord, 'bob').say(channel, `<@${discord.world.bot.id}> Is anybody there?`);
        await sleep(500);
        assert.equal(botsMessages(channel).length, 1);
      } finally {
        await harness.close();
      }
    });
  });

  describe('a story-prompt channel without the message content intent', { timeout: 240_000 }, () => {
    it('reports this, and answers mentions', async () => {
      const harness = await openDiscord({ pace: 0 });
      try {
        const { discord, ann, channel } = harness;
        assert.match(
          await set(harness, channel, 'on', { messages: 'every' }),
          /“Message Content Intent” is off/,
        );
        await set(harness, channel, 'on', { messages: 'mentions' });
        ann.say(channel, 'Not a word of this can be read');
        ann.say(channel, `<@&${discord.world.botRoleId}> and neither can this`);
        const hint = await until(() => botsMessages(channel)[0], 'a hint');
        assert.match(hint.content, /^I cannot read a message that mentions only my role/);
        const answer = await answerTo(ann.say(channel, `<@${discord.world.bot.id}> but this can be read`));
        assert.ok(textOf([answer]).startsWith('but this can be read'));
      } finally {
        await harness.close();
      }
    });
  });
});
