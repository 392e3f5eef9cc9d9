/** Limits on Discord: those of users, and those that administrators of a server set. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LookUp } from '../../../src/queue/admission/limits.ts';
import { Person } from '../../fakes/discord/people.ts';
import {
  type DiscordHarness,
  EPHEMERAL,
  ephemeralReply,
  finished,
  isOver,
  openDiscord,
  smallPrintOf,
} from '../../harness/discord.ts';
import { THREE_AT_ONCE } from '../../helpers/limits.ts';
import { until } from '../../helpers/programs.ts';

const STORY = { prompt: 'It all began with', length: 200 };

describe('limits on Discord', { timeout: 240_000 }, () => {
  let harness: DiscordHarness;

  before(async () => {
    harness = await openDiscord({
      worker: false,
      readsMessages: true,
      pace: 0,
      editIntervalMs: 200,
      allowed: THREE_AT_ONCE,
    });
    harness.announceWorker();
  });
  after(() => harness.close());

  it('runs three stories of a user in sequence, and refuses the next in an ephemeral reply', async () => {
    const { discord, channel } = harness;
    const ann = new Person(discord, 'ann');
    const first = ann.slash(channel, 'scifi', STORY);
    await until(() => first.original, 'the first to be in the queue');
    const [second, third] = [2, 3].map(() => ann.slash(channel, 'scifi', STORY));
    for (const one of [second!, third!]) {
      await until(() => one.original && smallPrintOf(one.original).startsWith('Begins when'), 'a reason');
      assert.equal(smallPrintOf(one.original!), 'Begins when your other story is done');
    }
    // No worker runs: the refusal waits for no story.
    const sentence = await ephemeralReply(ann.slash(channel, 'scifi', STORY));
    assert.equal(sentence, 'You have 3 stories under way. The next can start when one of them is done.');
    // A user who stops one story can ask for another.
    ann.press(third!.original!, 'Stop');
    await until(() => isOver(third!.original!), 'an end');
    await until(async () => (await harness.bot.replies.count()).completed! > 0, 'its place to be free');
    const fourth = ann.slash(channel, 'scifi', STORY);
    const worker = await harness.startWorker();
    for (const one of [first, second!, fourth]) await finished(one);
    const [, again] = [ann.press(first.original!, 'Another'), ann.press(second!.original!, 'Warmer')];
    const refusal = await ephemeralReply(again);
    assert.equal(refusal, 'You have had your 5 stories for this hour. The next can start in 60 minutes.');
    await worker.close();
  });

  it('refuses in an ephemeral reply also when the queue is slow', async () => {
    const { discord, channel, bot } = harness;
    const joe = new Person(discord, 'joe');
    for (let story = 0; story < 3; story++) joe.slash(channel, 'scifi', STORY);
    const replies = bot.replies as { lookUp: LookUp };
    const { lookUp } = replies;
    await until(async () => (await bot.replies.count()).delayed! >= 2, 'three to be under way');
    let pauseMs = 400;
    replies.lookUp = async (id) => {
      await sleep(pauseMs);
      pauseMs = 0;
      return lookUp(id);
    };
    try {
      const late = joe.slash(channel, 'scifi', STORY);
      const followUp = await until(() => late.followUps[0], 'an ephemeral reply');
      assert.deepEqual([followUp.flags, late.original!.deleted], [EPHEMERAL, true]);
      assert.match(followUp.content, /^You have 3 stories under way\./);
    } finally {
      replies.lookUp = lookUp;
    }
  });

  it('opens no thread for a refused prompt', async () => {
    const { discord, ann } = harness;
    const channel = discord.world.addChannel();
    const set = { messages: 'every', threads: true, cooldown: 0 };
    await ephemeralReply(ann.slash(channel, 'scifi-channel', set, { subcommand: 'on' }));
    const bob = new Person(discord, 'bob');
    const prompts = ['one', 'two', 'three', 'four'].map((word) => bob.say(channel, `This is prompt ${word}`));
    const answers = () => [...channel.messages.values()].filter(({ author }) => author.bot);
    await until(() => answers().some(({ content }) => content.startsWith('You have 3 stories')), 'a refusal');
    const threads = () => prompts.filter(({ id }) => discord.world.channels.has(id));
    await until(() => threads().length === 3, 'the threads');
    assert.equal(discord.count('invalid'), 0);
  });

  it('lets administrators set limits below the operator’s, never above, and remove them', async () => {
    const { discord, channel, ann } = harness;
    const set = (subcommand: string, options = {}) =>
      ephemeralReply(ann.slash(channel, 'scifi-limits', options, { subcommand }));
    const standard = [
      'Each user here may have 3 stories under way and 5 stories an hour.',
      'All users together may have 200 stories under way and 1,000 stories an hour.',
      'Nothing is set here: these are the limits of the operator of this bot.',
    ];
    assert.deepEqual((await set('show')).split('\n'), standard);
    assert.deepEqual((await set('set', { 'person-at-once': 1, 'all-hourly': 900 })).split('\n'), [
      'Each user here may have 1 story under way and 5 stories an hour.',
      'All users together may have 200 stories under way and 900 stories an hour.',
      'Set here: person-at-once 1, all-hourly 900. The rest is as the operator of this bot has set it.',
    ]);
    assert.match(
      await set('set', { 'person-hourly': 6 }),
      /^The person-hourly is 6; give a whole number from 1 to 5,/,
    );
    assert.match(await set('set'), /^Give one of person-at-once, person-hourly, all-at-once, all-hourly\.$/);
    const eve = new Person(discord, 'eve');
    const story = eve.slash(channel, 'scifi', STORY);
    await until(() => story.original, 'the first');
    const refusal = await ephemeralReply(eve.slash(channel, 'scifi', STORY));
    assert.equal(refusal, 'You have a story under way. The next can start when it is done.');
    // A server's limits apply in that server.
    const elsewhere = discord.world.addChannel({ type: 1 });
    const direct = eve.slash(elsewhere, 'scifi', STORY);
    await until(() => direct.original, 'another one');
    assert.deepEqual((await set('reset')).split('\n'), standard);
    const third = eve.slash(channel, 'scifi', STORY);
    await until(() => third.original && smallPrintOf(third.original).startsWith('Begins when'), 'the third');
  });
});
