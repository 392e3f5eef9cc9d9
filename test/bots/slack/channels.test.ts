/** Story-prompt channels and the daily line on Slack, from the command to the stories. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Person } from '../../fakes/slack/people.ts';
import type { FakeChannel } from '../../fakes/slack/world.ts';
import { botsMessages, finished, isOver, openSlack, type SlackHarness, textOf } from '../../harness/slack.ts';
import { until } from '../../helpers/programs.ts';

/** Uses `/scifi-channel` and returns the ephemeral reply. */
function set(harness: SlackHarness, channel: FakeChannel, text: string): Promise<string> {
  return harness.command(harness.ann, channel, '/scifi-channel', text);
}

describe('channels on Slack', { timeout: 240_000, concurrency: true }, () => {
  let harness: SlackHarness;

  before(async () => {
    harness = await openSlack({ pace: 0, allowance: 20 });
  });
  after(() => harness.close());

  it('answer messages, except within the cooldown, short ones, and those below a story', async () => {
    const { slack, ann } = harness;
    const channel = harness.channelOf();
    const said = await set(harness, channel, 'on cooldown=60 minimum=12');
    assert.match(said, /^Every message with at least 12 characters is a prompt, once in 60 seconds/);
    ann.say(channel, 'The robots had a union now');
    const answer = await finished(channel);
    assert.ok(textOf(answer).startsWith('The robots had a union now'));
    assert.equal(answer.threadTs, undefined);
    const again = ann.say(channel, 'And they wanted holidays');
    await until(() => again.reactions.includes('hourglass_flowing_sand'), 'a sign');
    new Person(slack, 'eve').say(channel, 'short');
    new Person(slack, 'joe').say(channel, 'What a story that was, I must say', { threadTs: answer.ts });
    new Person(slack, 'bob').say(channel, 'On Venus, nobody had an umbrella');
    await finished(channel, (message) => textOf(message).startsWith('On Venus'));
    await sleep(300);
    assert.equal([...channel.messages.values()].filter(({ isBots }) => isBots).length, 2);
  });

  it('open a thread for every story when set to', async () => {
    const { ann } = harness;
    const channel = harness.channelOf();
    await set(harness, channel, 'on threads');
    const prompt = ann.say(channel, 'Somebody had painted the moon');
    const story = await finished(channel);
    assert.equal(story.threadTs, prompt.ts);
  });

  it('report a missing invitation, wrong settings and an unknown time zone', async () => {
    const channel = harness.channelOf({ isMember: false });
    const refused = await set(harness, channel, 'on');
    assert.match(refused, /^Nothing was changed: in this channel I need an invitation\. Type `\/invite` <@U/);
    assert.match(await set(harness, channel, 'status'), /^Nothing is set/);
    const inside = harness.channelOf();
    assert.match(await set(harness, inside, 'daily hour=8 tz=Mars/Olympus'), /no time zone/);
    assert.match(await set(harness, inside, 'on cooldown=<!channel>'), /The cooldown is “&lt;!channel&gt;”/);
    assert.match(await set(harness, inside, 'maybe'), /Choose one of: on, daily, status, off/);
    assert.match(await set(harness, inside, ''), /every message is a prompt/);
  });

  it('get one opening line a day, whole, which any user can continue', async () => {
    const { slack } = harness;
    const channel = harness.channelOf();
    assert.match(await set(harness, channel, 'daily hour=0'), /An opening line comes every day at 0:00, UTC/);
    const key = `${slack.workspace.id}-${channel.id}`;
    const clock = () => Date.UTC(2030, 0, 2, 0, 0, 1);
    await Promise.all([harness.bot.daily.post(key, clock()), harness.bot.daily.post(key, clock())]);
    const line = await finished(channel);
    assert.ok(textOf(line).length > 30);
    assert.equal(line.history.length, 1);
    new Person(slack, 'bob').press(line, 'Continue');
    const next = await finished(channel, ({ ts }) => ts > line.ts);
    assert.notEqual(textOf(next), '');
    await harness.bot.daily.post(key, clock() + 24 * 3_600_000);
    await until(() => botsMessages(channel).filter(isOver).length === 3, 'the next day’s line');
  });

  it('get their line from the scheduled job at its hour', async () => {
    const { slack } = harness;
    const channel = harness.channelOf();
    await set(harness, channel, 'daily hour=0');
    const channelId = `${slack.workspace.id}-${channel.id}`;
    const scheduler = harness.connection.queue<{ channelId: string }, void>('daily-slack');
    // The same scheduled job, with an hour that is always the current one.
    await scheduler.upsertJobScheduler(
      `c${channelId}`,
      { every: 1_000 },
      { name: 'line', data: { channelId } },
    );
    await finished(channel);
    await sleep(1_500);
    assert.equal(botsMessages(channel).length, 1, 'one a day, however often it is asked for');
    await set(harness, channel, 'off');
    assert.equal(await scheduler.getJobScheduler(`c${channelId}`), undefined);
    await scheduler.close();
  });
});

describe('the settings of channels on Slack', { timeout: 240_000 }, () => {
  let harness: SlackHarness;

  before(async () => {
    harness = await openSlack({ pace: 0, allowance: 20 });
  });
  after(() => harness.close());

  it('persist across processes, are shown by status, and are removed by off', async () => {
    const { ann, slack } = harness;
    const channel = harness.channelOf();
    await set(harness, channel, 'on mentions minimum=5');
    await set(harness, channel, 'daily hour=8 tz=Europe/Vienna');
    await harness.restart();
    assert.match(
      await set(harness, channel, 'status'),
      /^Every message that mentions me .*\nAn opening line comes every day at 8:00, Europe\/Vienna\.$/,
    );
    ann.say(channel, 'This is not for the robot at all');
    const asked = ann.mention(channel, 'The tide never came back');
    const answer = await finished(channel);
    assert.equal(answer.threadTs, asked.ts);
    assert.deepEqual(asked.reactions, [], 'told of it twice, it has heard it once');
    await sleep(300);
    assert.equal([...channel.messages.values()].filter(({ isBots }) => isBots).length, 1);
    assert.match(await set(harness, channel, 'off'), /^Off: /);
    assert.match(await set(harness, channel, 'status'), /^Nothing is set/);
    new Person(slack, 'bob').say(channel, 'Is anybody there tonight?');
    await sleep(400);
    assert.equal(botsMessages(channel).length, 0);
  });
});
