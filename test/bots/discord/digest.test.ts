/** The digest of a week on Discord, on a moved clock: the real client, and real queues of both kinds. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type DigestJob, digestQueueOf } from '../../../src/bots/shelf/digest-schedule.ts';
import { digestTime, dueWeek } from '../../../src/bots/shelf/digest-week.ts';
import type { Shelf } from '../../../src/queue/shelf/shelf.ts';
import type { Work } from '../../../src/story/shelf.ts';
import { Person } from '../../fakes/discord/people.ts';
import type { FakeMessage } from '../../fakes/discord/world.ts';
import {
  botsMessages,
  type DiscordHarness,
  ephemeralReply,
  isEphemeral,
  openDiscord,
} from '../../harness/discord.ts';
import { MovedClock } from '../../helpers/moved-clock.ts';
import { PATIENCE_MS, REDIS_SERVER, skipWithout, until } from '../../helpers/programs.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;
const MONDAY = Date.UTC(2030, 0, 7, 9);

function digestsIn({ channel }: DiscordHarness): FakeMessage[] {
  const posted = botsMessages(channel).filter((message) => !isEphemeral(message));
  return posted.filter(({ content }) => content.startsWith('**This channel wrote'));
}

/** A work of the channel, with one fork, under a message of the bot. */
async function shelved(
  { channel, ann, discord, bot }: DiscordHarness,
  id: string,
  finishedAt: number,
  counts: readonly number[],
): Promise<FakeMessage> {
  const message = discord.world.addMessage(channel, discord.world.bot, { content: id });
  const work: Work<{ channelId: string; inChannel: boolean }> = {
    id,
    kind: 'vote',
    channelId: channel.id,
    hostId: ann.user.id,
    address: { channelId: channel.id, inChannel: true },
    messages: [message.id],
    request: { model: 'scifi', temperature: 0.4, seed: 7 },
    segments: [{ kind: 'prompt', text: `The opening of ${id}.` }],
    forks: [
      { choices: [`Left in ${id}.`, `Right in ${id}.`], counts, winner: counts[0]! >= counts[1]! ? 0 : 1 },
    ],
    titles: [`Title of ${id}`],
    finishedAt,
    credits: {},
  };
  await (bot.shelf as unknown as Shelf<typeof work.address>).finishWork(work);
  return message;
}

/** What the jobs of digests wait for, in ms from now. */
async function delays({ connection }: DiscordHarness): Promise<number[]> {
  const queue = connection.queue(digestQueueOf('discord'));
  try {
    const jobs = await queue.getJobs(['delayed']);
    return jobs.map(({ timestamp, opts }) => timestamp + (opts.delay ?? 0) - Date.now());
  } finally {
    await queue.close();
  }
}

async function turnOn({ ann, channel }: DiscordHarness, hour = 9): Promise<string> {
  return ephemeralReply(ann.slash(channel, 'scifi-channel', { hour }, { subcommand: 'digest' }));
}

/** Has the digests that are planned for an hour posted now. */
async function makeDue({ connection }: DiscordHarness, hour = 9): Promise<void> {
  const queue = connection.queue(digestQueueOf('discord'));
  for (const job of await queue.getJobs(['delayed'])) {
    if ((job.data as DigestJob).hour === hour) await job.promote();
  }
  await queue.close();
}

for (const isEmbedded of [false, true]) {
  const skip = isEmbedded ? false : skipWithout(REDIS_SERVER);
  describe(`digests on Discord, ${isEmbedded ? 'embedded' : 'Redis'}`, { timeout: 240_000, skip }, () => {
    it('come once a week, with the best of it, in one of several processes', async () => {
      const clock = new MovedClock(MONDAY - HOUR_MS);
      const harness = await openDiscord({ isEmbedded, clock: clock.now, worker: false });
      const another = await harness.another({});
      try {
        const bob = new Person(harness.discord, 'bob');
        const liked = await shelved(harness, 'a robot', MONDAY - DAY_MS, [1, 0]);
        await shelved(harness, 'a *ship*', MONDAY - 6 * DAY_MS, [2, 7]);
        await shelved(harness, 'an old one', MONDAY - 8 * DAY_MS, [99, 0]);
        bob.react(liked);
        assert.match(await turnOn(harness), /The best of the week comes every Monday at 9:00, UTC\./);
        const [wait] = await delays(harness);
        assert.ok(wait! > 0 && wait! <= HOUR_MS, `${wait} ms`);
        clock.set(MONDAY);
        await makeDue(harness);
        const [digest] = await until(
          () => (digestsIn(harness).length > 0 ? digestsIn(harness) : undefined),
          'the digest',
          PATIENCE_MS,
        );
        const link = (message: FakeMessage) =>
          `<https://discord.com/channels/${harness.discord.world.guild.id}/${harness.channel.id}/${message.id}>`;
        const [title, opening, line, fork] = digest!.content.split('\n\n');
        assert.equal(title, '**This channel wrote 2 stories last week**');
        assert.equal(
          opening,
          `**The best opening**, of [Title of a robot](${link(liked)})\n“The opening of a robot.”`,
        );
        assert.match(
          line!,
          /^\*\*The best line\*\*, of \[Title of a robot\].*, with 1 vote\n“Left in a robot\.”$/,
        );
        assert.match(fork!, /^\*\*The most voted fork\*\*, of \[Title of a \\\*ship\\\*\].*, with 9 votes\n/);
        assert.match(fork!, /\n1\. “Left in a \\\*ship\\\*\.” · 2 votes\n2\. “Right.*” · 7 votes · it won$/);
        // The next one is due in a week, also after a restart, and for each process.
        const isPlanned = async () => (await delays(harness)).length === 1;
        await until(isPlanned, 'the next digest', PATIENCE_MS);
        await harness.restart();
        const [next, ...others] = await delays(harness);
        assert.deepEqual(others, []);
        assert.ok(next! > 6 * DAY_MS && next! <= WEEK_MS, `${next} ms`);
        assert.equal(digestsIn(harness).length, 1);
        assert.deepEqual(harness.discord.world.pings, []);
      } finally {
        await another.close();
        await harness.close();
      }
    });

    it('are caught up once after a downtime of weeks, and a week without a work has none', async () => {
      const clock = new MovedClock(MONDAY - 3 * DAY_MS);
      const harness = await openDiscord({ isEmbedded, clock: clock.now, worker: false });
      try {
        await turnOn(harness);
        await shelved(harness, 'a robot', MONDAY + 2 * WEEK_MS - DAY_MS, [1, 0]);
        await harness.bot.close();
        // Weeks pass: the first digest's job becomes due while no process runs.
        clock.set(MONDAY + 2 * WEEK_MS + DAY_MS);
        await makeDue(harness);
        const queue = harness.connection.queue(digestQueueOf('discord'));
        harness.bot = await harness.another({});
        await until(() => digestsIn(harness).length === 1, 'the digest', PATIENCE_MS);
        const isPlanned = async () =>
          (await queue.getJobCounts('delayed', 'active', 'waiting')).delayed === 1;
        await until(isPlanned, 'the next digest', PATIENCE_MS);
        // The next week has no work.
        clock.set(MONDAY + 3 * WEEK_MS + 1_000);
        const [due] = await queue.getJobs(['delayed']);
        await due!.promote();
        const isOver = async () => (await queue.getJobState(due!.id!)) === 'unknown';
        await until(isOver, 'the end of its job', PATIENCE_MS);
        assert.equal(digestsIn(harness).length, 1);
        await queue.close();
      } finally {
        await harness.close();
      }
    });
  });
}

describe('a digest on Discord', { timeout: 240_000, skip: skipWithout(REDIS_SERVER) }, () => {
  it('is posted once where a process ends after the post and before its note', async () => {
    const harness = await openDiscord({ worker: false });
    const { channel, discord, bot } = harness;
    const week = dueWeek(Date.now(), 9);
    try {
      await turnOn(harness);
      await shelved(harness, 'a robot', digestTime(week, 9) - DAY_MS, [1, 0]);
      // What a process has left that was killed then; its nonce is not known any more.
      await bot.shelf.beginDigest(channel.id, week);
      discord.world.addMessage(channel, discord.world.bot, {
        content: '**This channel wrote 1 story last week**\n\nand more',
      });
      await bot.digests.post(channel.id, async () => {});
      assert.equal(digestsIn(harness).length, 1);
      assert.equal((await bot.shelf.digestOf(channel.id, week))?.isOver, true);
    } finally {
      await harness.close();
    }
  });

  it('is posted in no channel that turned it off, changed its hour, or does not let the bot write', async () => {
    const clock = new MovedClock(MONDAY - HOUR_MS);
    const harness = await openDiscord({ clock: clock.now, worker: false });
    const { ann, channel, discord, bot, log } = harness;
    try {
      await shelved(harness, 'a robot', MONDAY - DAY_MS, [1, 0]);
      await turnOn(harness);
      await turnOn(harness, 10);
      await makeDue(harness, 9);
      const queue = harness.connection.queue(digestQueueOf('discord'));
      const isOne = async () => (await queue.getJobCounts('delayed', 'active', 'waiting')).delayed === 1;
      await until(isOne, 'the end of the old job', PATIENCE_MS);
      assert.equal(digestsIn(harness).length, 0);
      await queue.close();
      clock.set(MONDAY + DAY_MS);
      discord.world.allow(channel, 0n);
      await bot.digests.post(channel.id, async () => {});
      assert.ok(log.some((line) => line.includes('"isPosted":false')));
      discord.world.allow(channel, harness.discord.world.permissions);
      const off = await ephemeralReply(ann.slash(channel, 'scifi-channel', {}, { subcommand: 'off' }));
      assert.match(off, /no daily line and no digest/);
      await bot.digests.post(channel.id, async () => {});
      assert.equal(digestsIn(harness).length, 0);
    } finally {
      await harness.close();
    }
  });
});
