/** `/scifi-vote` on Discord: the real client, a real queue and a real worker, and the messages that users see. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { discordEscaping } from '../../../src/bots/text.ts';
import { Person } from '../../fakes/discord/people.ts';
import { type FakeChannel, type FakeMessage, PERMISSION } from '../../fakes/discord/world.ts';
import { withoutTitles } from '../../harness/chat.ts';
import {
  assertBoxed,
  type DiscordHarness,
  ephemeralReply,
  isEphemeral,
  labelsOf,
  openDiscord,
} from '../../harness/discord.ts';
import { PATIENCE_MS, REDIS_SERVER, skipWithout, until } from '../../helpers/programs.ts';

/** The buttons under the story of a vote: those of a reply, without those that write it again. */
const END_LABELS = ['Continue', 'My line', 'Vote', 'Delete', 'Like', 'Dislike'];

/** The message that shows a vote of a channel. */
function voteIn(channel: FakeChannel, round: number): Promise<FakeMessage> {
  const isOpen = ({ content, deleted }: FakeMessage) => !deleted && content.includes(`Round ${round} of`);
  return until(
    () => [...channel.messages.values()].find((one) => isOpen(one) && one.content.includes('<t:')),
    `round ${round}`,
    PATIENCE_MS,
  );
}

/** Waits until the button of a choice shows its number of votes. */
async function counted(message: FakeMessage, ...labels: string[]): Promise<void> {
  await until(() => labelsOf(message).slice(0, 3).join() === labels.join(), labels.join(), PATIENCE_MS);
}

function overIn(channel: FakeChannel, labels: readonly string[] = END_LABELS): Promise<FakeMessage> {
  const isOver = (message: FakeMessage) => withoutTitles(labelsOf(message)).join() === labels.join();
  return until(() => [...channel.messages.values()].find(isOver), 'the end', PATIENCE_MS);
}

async function withDiscord(
  use: (harness: DiscordHarness) => Promise<void>,
  options: Parameters<typeof openDiscord>[0] = {},
): Promise<void> {
  const harness = await openDiscord(options);
  try {
    await use(harness);
  } finally {
    await harness.close();
  }
}

describe('votes on Discord', { timeout: 240_000, skip: skipWithout(REDIS_SERVER) }, () => {
  it('keep what was chosen where AutoMod refuses how the story goes on', () =>
    withDiscord(async ({ ann, channel }) => {
      await ephemeralReply(ann.slash(channel, 'scifi-vote', { prompt: 'The moon', rounds: 2, seconds: 600 }));
      const message = await voteIn(channel, 1);
      const chosen = /\*\*1\*\* {2}(.*)/.exec(message.content)![1]!;
      ann.press(message, '1');
      await counted(message, '1 (1)', '2', '3');
      channel.refused = /Round 2/;
      ann.press(message, 'Close this round');
      await until(() => message.content.includes('AutoMod'), 'the end', PATIENCE_MS);
      assert.ok(message.content.startsWith('The moon') && message.content.includes(chosen), message.content);
      assert.deepEqual(labelsOf(message), []);
    }));

  it('counts fifty people, and appends the winners until the rounds are over', () =>
    withDiscord(async ({ ann, channel, discord, log }) => {
      const asked = ann.slash(channel, 'scifi-vote', {
        prompt: 'On the *crimson* moon',
        rounds: 2,
        seconds: 600,
      });
      assert.match(await ephemeralReply(asked), /^The vote begins below/);
      const message = await voteIn(channel, 1);
      assert.match(
        message.content,
        /^On the \\\*crimson\\\* moon\n\n\*\*What happens next\?\*\*\n\*\*1\*\* {2}\S/,
      );
      assert.match(message.content, /-# Round 1 of 2 · no votes yet · ends <t:\d+:R>$/);
      assert.deepEqual(labelsOf(message), ['1', '2', '3', 'Close this round', 'The end']);
      const second = /\*\*2\*\* {2}(.*)/.exec(message.content)![1]!;

      const people = Array.from({ length: 50 }, (_, index) => new Person(discord, `person ${index}`));
      const pressed = people.flatMap((person, index) => {
        const label = index < 30 ? '2' : '3';
        // A double click.
        return [person.press(message, label), person.press(message, label)];
      });
      await until(() => pressed.every(({ callbackType }) => callbackType === 6), 'answers', PATIENCE_MS);
      await counted(message, '1', '2 (30)', '3 (20)');
      // A changed vote.
      people[0]!.press(message, '3 (20)');
      await counted(message, '1', '2 (29)', '3 (21)');
      assert.match(message.content, /-# Round 1 of 2 · 50 votes · ends/);

      const bob = people[1]!;
      const refused = await ephemeralReply(bob.press(message, 'Close this round'));
      assert.match(refused, /^Only the user who started this vote, or a moderator, can close this round/);
      const late = { ...message, components: message.components };
      ann.press(message, 'Close this round');
      await voteIn(channel, 2);
      const told = await ephemeralReply(bob.press(late, '2 (29)'));
      assert.equal(told, 'This round is over, so your vote was not counted.');
      assert.ok(message.content.includes(second), 'the winner has joined the story');

      const moderator = new Person(discord, 'moderator');
      moderator.permissions |= PERMISSION.manageMessages;
      bob.press(message, '3');
      await counted(message, '1', '2', '3 (1)');
      moderator.press(message, 'Close this round');
      const end = await overIn(channel);
      assert.equal(end.id, message.id, 'one message shows it all');
      const text = discordEscaping.unescape(end.content);
      assert.ok(text.startsWith('On the *crimson* moon '), text);
      assert.match(
        text,
        /-# Chosen with 51 votes in 2 rounds · Science fiction fake-1 \(fake\) · lively · seed 7/,
      );
      assertBoxed(end);
      const posted = [...channel.messages.values()].filter((one) => !isEphemeral(one));
      assert.equal(posted.length, 1);
      assert.equal(discord.count(429), 0);
      assert.ok(!log.join('\n').includes('crimson'));

      const more = bob.press(end, 'Continue');
      await until(
        () => more.original && labelsOf(more.original).includes('Another'),
        'a continuation',
        PATIENCE_MS,
      );
      ann.press(end, 'Delete');
      await until(() => end.deleted, 'its deletion', PATIENCE_MS);
    }));

  it('is one in a channel, ends when its host says so, and needs a channel to write in', () =>
    withDiscord(async ({ ann, channel, discord, blocks }) => {
      await ephemeralReply(ann.slash(channel, 'scifi-vote', { prompt: 'A robot' }));
      const message = await voteIn(channel, 1);
      assert.match(message.content, /-# Round 1 of 5/);
      const bob = new Person(discord, 'bob');
      const another = await ephemeralReply(bob.slash(channel, 'scifi-vote', { prompt: 'A ship' }));
      assert.match(another, /^There is a vote in this channel already/);
      const noWords = await ephemeralReply(bob.slash(channel, 'scifi-vote', { prompt: '🚀' }));
      assert.match(noWords, /^There are no words in that opening/);
      const slow = await ephemeralReply(bob.slash(channel, 'scifi-vote', { prompt: 'A ship', seconds: 5 }));
      assert.match(slow, /^The seconds are a whole number from 15 to 600; got 5/);
      const guest = bob.slash(channel, 'scifi-vote', { prompt: 'A ship' }, { isInstalled: false });
      assert.match(await ephemeralReply(guest), /^A vote needs a channel in which I may write/);

      await blocks.add({ platform: 'discord', kind: 'user', id: bob.user.id, setIn: discord.world.guild.id });
      assert.match(await ephemeralReply(bob.press(message, '1')), /./);
      assert.deepEqual(labelsOf(message).slice(0, 3), ['1', '2', '3']);

      ann.press(message, '1');
      await counted(message, '1 (1)', '2', '3');
      ann.press(message, 'The end');
      const end = await overIn(channel);
      assert.match(end.content, /-# Chosen with 1 vote in 1 round/);
      const next = ann.slash(channel, 'scifi-vote', { prompt: 'A ship' });
      assert.match(await ephemeralReply(next), /^The vote begins below/);
    }));

  it('goes on after a restart, and is given up where its message is deleted', () =>
    withDiscord(async (harness) => {
      const { ann, channel } = harness;
      await ephemeralReply(ann.slash(channel, 'scifi-vote', { prompt: 'A robot' }));
      const message = await voteIn(channel, 1);
      ann.press(message, '2');
      await counted(message, '1', '2 (1)', '3');
      await harness.restart();
      ann.press(message, '3');
      await counted(message, '1', '2', '3 (1)');
      message.deleted = true;
      ann.press(message, '1');
      const begins = async () => {
        const told = await ephemeralReply(ann.slash(channel, 'scifi-vote', { prompt: 'Another' }));
        return told.startsWith('The vote begins below');
      };
      await until(begins, 'the next vote', PATIENCE_MS);
    }));

  it('holds nothing of a user who is forgotten', () =>
    withDiscord(async ({ ann, channel, discord, dump }) => {
      const bob = new Person(discord, 'bob');
      await ephemeralReply(ann.slash(channel, 'scifi-vote', { prompt: 'A robot' }));
      const message = await voteIn(channel, 1);
      bob.press(message, '2');
      ann.press(message, '3');
      await counted(message, '1', '2 (1)', '3 (1)');
      assert.ok(!(await dump()).includes(bob.user.id), 'a ballot names no user');
      await ephemeralReply(ann.slash(channel, 'scifi-forget'));
      await overIn(channel, ['Continue', 'My line']);
      const isGone = async () => !(await dump()).includes(ann.user.id);
      await until(isGone, 'the removal of the host’s id', PATIENCE_MS);
    }));

  it('are started by those whom the channel’s setting allows, or else the server’s', () =>
    withDiscord(async ({ ann, channel, discord }) => {
      const bob = new Person(discord, 'bob');
      bob.permissions |= PERMISSION.manageMessages;
      const set = (command: string, hosts: string) =>
        ephemeralReply(ann.slash(channel, command, { hosts }, { subcommand: 'together' }));
      const thread = discord.world.addChannel({ type: 11, parentId: channel.id });
      const starts = async (person: Person, where = channel) =>
        ephemeralReply(person.slash(where, 'scifi-vote', { prompt: 'A robot', rounds: 1 }));
      assert.match(await set('scifi-channel', 'moderators'), /^Only moderators can start stories that are/);
      for (const where of [channel, thread]) {
        assert.match(
          await starts(ann, where),
          /^Only moderators can start a vote here: the moderators have set/,
        );
      }
      assert.match(await starts(bob), /^The vote begins below/);
      bob.press(await voteIn(channel, 1), 'The end');
      await overIn(channel, END_LABELS.slice(0, 4));

      assert.match(await set('scifi-limits', 'nobody'), /\nNo user can start stories that are written/);
      assert.match(await set('scifi-channel', 'default'), /^Those who may in the whole server/);
      assert.match(await starts(bob), /^Votes are off here: the moderators have set/);
      assert.match(await set('scifi-channel', 'everyone'), /^Everyone can start stories that are/);
      const command = (subcommand: string) =>
        ephemeralReply(ann.slash(channel, 'scifi-channel', {}, { subcommand }));
      assert.match(await command('off'), /^Off: .* As before: Everyone can start stories/);
      assert.match(await command('status'), /^Messages are no prompts here\.\nEveryone can start stories/);
      assert.match(await starts(ann, thread), /^The vote begins below/);
    }));

  it('counts as one story of its host', () =>
    withDiscord(
      async ({ ann, channel, discord }) => {
        await ephemeralReply(ann.slash(channel, 'scifi-vote', { prompt: 'A robot' }));
        const message = await voteIn(channel, 1);
        ann.press(message, 'The end');
        // The computer has written nothing of it.
        await overIn(channel, END_LABELS.slice(0, 4));
        const story = ann.slash(channel, 'scifi', { prompt: 'A ship', length: 100 });
        await until(
          () => story.original && labelsOf(story.original).includes('Another'),
          'a story',
          PATIENCE_MS,
        );
        const other = discord.world.addChannel();
        const refused = await ephemeralReply(ann.slash(other, 'scifi-vote', { prompt: 'A robot' }));
        assert.match(refused, /^You have had your 2 stories for this hour/);
      },
      { allowed: { person: { running: 1, waiting: 2, hourly: 2 } } },
    ));
});
