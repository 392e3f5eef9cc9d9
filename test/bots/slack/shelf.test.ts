/** `/scifi-shelf` on Slack: the real Bolt, a real queue and a real worker. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Person } from '../../fakes/slack/people.ts';
import type { FakeChannel, FakeMessage } from '../../fakes/slack/world.ts';
import { botsMessages, labelsOf, openSlack, type SlackHarness } from '../../harness/slack.ts';
import { PATIENCE_MS, REDIS_SERVER, skipWithout, until } from '../../helpers/programs.ts';

/** Has Ann's channel write a story of one round; returns its message, with its titles. */
async function written(
  { ann, command }: SlackHarness,
  channel: FakeChannel,
  prompt: string,
  voters: readonly Person[] = [ann],
): Promise<FakeMessage> {
  const isOld = new Set(botsMessages(channel));
  await command(ann, channel, '/scifi-vote', `${prompt} rounds=1 seconds=600`);
  const find = () => botsMessages(channel).find((one) => !isOld.has(one) && labelsOf(one).length === 5);
  const message = await until(find, 'a vote', PATIENCE_MS);
  for (const voter of voters) voter.press({ ...message }, '1');
  await until(() => labelsOf(message).includes(`1 (${voters.length})`), 'the votes', PATIENCE_MS);
  ann.press(message, 'Close this round');
  await until(() => titlesOf(message).length > 1, 'its titles', PATIENCE_MS);
  return message;
}

function titlesOf(message: FakeMessage): string[] {
  return labelsOf(message).filter((label) => label.startsWith('Title: '));
}

async function withSlack(
  use: (harness: SlackHarness) => Promise<void>,
  options: Parameters<typeof openSlack>[0] = { allowance: 100 },
): Promise<void> {
  const harness = await openSlack(options);
  try {
    await use(harness);
  } finally {
    await harness.close();
  }
}

describe('the shelf on Slack', { timeout: 240_000, skip: skipWithout(REDIS_SERVER) }, () => {
  it('lists what the channel has written, best first by reactions, also after a restart', () =>
    withSlack(async (harness) => {
      const { ann, channel, slack, command, channelOf } = harness;
      const shelf = (text = '', at = channel) => command(ann, at, '/scifi-shelf', text);
      assert.match(await shelf(), /^This channel has not finished a story together yet/);
      const bob = new Person(slack, 'bob');
      const first = await written(harness, channel, 'a < b on the *crimson* moon');
      await written(harness, channel, 'The last ship', [ann, bob]);
      bob.react(first);
      // The bot's own reaction does not count.
      first.reactions.push('heart');
      await harness.restart();
      const [title, one, other, hint] = (await shelf()).split('\n');
      assert.equal(title, '*What this channel has written: 2 stories*');
      const link = `https://${slack.workspace.id.toLowerCase()}.slack.com/archives/${channel.id}/p${first.ts.replace('.', '')}`;
      assert.ok(one!.startsWith(`1. <${link}|A &lt; b on the \u200b*\u200bcrimson\u200b*\u200b moon`), one);
      assert.match(one!, / · 1 reaction · 1 vote · <!date\^\d+\^\{date_short\}\|\d{4}-\d\d-\d\d>$/);
      assert.match(other!, /^2\. <https:.*\|The last ship.*> · 2 votes · /);
      assert.equal(hint, 'React to a story to move it up.');
      assert.match(await shelf('', channelOf()), /^This channel has not finished a story together yet/);
      assert.match(await shelf('2'), /^The list has one page\.$/);
      assert.match(await shelf('nonsense'), /^I do not know nonsense\. Type \/scifi-shelf help\.$/);
      assert.match(await shelf('help'), /^What this channel has written together/);
      ann.press(first, 'Delete');
      await until(() => first.isDeleted, 'its deletion', PATIENCE_MS);
      await until(async () => (await shelf()).includes('1 story'), 'its removal', PATIENCE_MS);
    }));

  it('falls back to votes where it may not read, and removes what is deleted where it may', () =>
    withSlack(async (harness) => {
      const { ann, channel, slack, command } = harness;
      const bob = new Person(slack, 'bob');
      const first = await written(harness, channel, 'On the crimson moon');
      await written(harness, channel, 'The last ship', [ann, bob]);
      bob.react(first);
      const { scopes } = slack.workspace;
      slack.workspace.scopes = scopes.filter((scope) => !scope.endsWith(':history'));
      const byVotes = await command(ann, channel, '/scifi-shelf');
      assert.match(byVotes, /\n1\. .*\|The last ship.*\n2\. .*\|On the crimson moon/);
      slack.workspace.scopes = scopes;
      first.isDeleted = true;
      assert.match(await command(ann, channel, '/scifi-shelf'), /: 1 story\*\n1\. .*\|The last ship/);
    }));

  it('lets the host and administrators choose one of three titles', () =>
    withSlack(async (harness) => {
      const { ann, channel, slack, command, ephemeralReply } = harness;
      const press = async (person: Person, label: string) => {
        // An ephemeral reply belongs to this press if it is not older, in milliseconds.
        await sleep(2);
        return ephemeralReply(person.press({ ...message }, label));
      };
      const message = await written(harness, channel, 'On the crimson moon');
      const [first, other, ...others] = titlesOf(message);
      assert.match(first!, /^Title: On the crimson moon/);
      assert.ok(others.length <= 1);
      const bob = new Person(slack, 'bob');
      const refused = await press(bob, other!);
      assert.equal(refused, 'Only the user who started this story, or a moderator, can choose its title.');
      const title = other!.slice('Title: '.length);
      const told = await press(ann, other!);
      assert.equal(told, `This story is listed in /scifi-shelf as “${title}” now.`);
      assert.ok((await command(ann, channel, '/scifi-shelf')).includes(`|${title}>`));
      await press(ann, first!);
      assert.match(await command(ann, channel, '/scifi-shelf'), /\|On the crimson moon/);
    }));

  it('gives all of it as a book, and names only users who have joined', () =>
    withSlack(async (harness) => {
      const { ann, channel, slack, command, dump } = harness;
      const bob = new Person(slack, 'bob');
      const board = () => command(ann, channel, '/scifi-shelf', 'leaderboard');
      assert.match(await board(), /^No user is on the leaderboard of this channel/);
      assert.match(await command(bob, channel, '/scifi-shelf', 'join'), /^You are on the leaderboard/);
      await written(harness, channel, 'On the crimson moon', [ann, bob]);
      const [, ...lines] = (await board()).split('\n');
      assert.deepEqual(lines, [
        `1. <@${bob.user.id}> · 1 winning vote or line · 0 stories started`,
        'Only users who have joined are listed.',
      ]);
      const told = await command(ann, channel, '/scifi-shelf', 'markdown');
      assert.match(told, /^A book of one story .* It is in your direct messages with me\.$/);
      const [file] = [...slack.world.files.all.values()];
      assert.match(Buffer.from(file!.bytes!).toString('utf8'), /\*\*On the crimson moon\*\*/);
      await command(bob, channel, '/scifi-shelf', 'leave');
      assert.match(await board(), /^No user is on the leaderboard/);
      assert.ok(!(await dump()).includes(bob.user.id));
      await command(ann, channel, '/scifi-forget');
      const isGone = async () => !(await dump()).includes(ann.user.id);
      await until(isGone, 'the removal of the host’s id', PATIENCE_MS);
      assert.match(await command(bob, channel, '/scifi-shelf'), /^This channel has not finished a story/);
    }));
});
