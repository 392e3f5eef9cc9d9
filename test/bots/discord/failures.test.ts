/** Every failure in the middle of a story on Discord has one defined outcome. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Person } from '../../fakes/discord/people.ts';
import { type FakeInteraction, type FakeMessage, PERMISSION } from '../../fakes/discord/world.ts';
import { MODELS } from '../../harness/chat.ts';
import {
  type DiscordHarness,
  ephemeralReply,
  FOOTER,
  finished,
  isOver,
  labelsOf,
  openDiscord,
  smallPrintOf,
  textOf,
} from '../../harness/discord.ts';
import { until } from '../../helpers/programs.ts';

/** When the bot stops using an interaction's token, which Discord's lifetime of 15 minutes ends. */
const ANSWERABLE_MS = 2_500;
/** At the set-up's pace: four seconds. */
const LONG = { prompt: 'It went wrong', length: 1_700 };
/** Twelve seconds: the story fails before its end on a busy machine, too. */
const LONGEST = { ...LONG, length: 6_000 };

describe('Discord failures', { timeout: 240_000, concurrency: true }, () => {
  describe('a failure during a story on Discord', { timeout: 240_000, concurrency: true }, () => {
    let harness: DiscordHarness;

    before(async () => {
      harness = await openDiscord();
    });
    after(() => harness.close());

    /** A story in its own channel, once its text has begun to grow. */
    async function begun(
      options: Record<string, unknown> = LONG,
    ): Promise<{ interaction: FakeInteraction; message: FakeMessage }> {
      const { discord, ann } = harness;
      const interaction = ann.slash(discord.world.addChannel(), 'scifi', options);
      const message = await until(() => interaction.original, 'an acknowledgement');
      await until(() => message.content.length > 60, 'a growing text');
      return { interaction, message };
    }

    async function givenUp(message: FakeMessage): Promise<void> {
      const edits = message.history.length;
      const reply = await until(
        () => harness.log.find((line) => line.includes('reply given up') && !seen.has(line)),
        'a reply to be given up',
      );
      seen.add(reply);
      await sleep(1_500);
      assert.ok(message.history.length - edits <= 1, 'nobody goes on editing');
    }
    const seen = new Set<string>();

    it('stops the story when a user deletes the message', async () => {
      const { message } = await begun(LONGEST);
      message.deleted = true;
      await givenUp(message);
    });

    it('stops a long story when a user deletes the channel', async () => {
      const { interaction, message } = await begun(LONGEST);
      harness.discord.world.channels.delete(interaction.channel.id);
      message.deleted = true;
      await givenUp(message);
    });

    it('replaces the text by an apology when AutoMod refuses it', async () => {
      const { interaction, message } = await begun(LONGEST);
      interaction.channel.refused = /^It went/;
      await until(() => message.content.startsWith('-# The AutoMod of this server refused'), 'an apology');
      assert.ok(!isOver(message));
    });

    it('ends with the text that fits when a further message is not permitted', async () => {
      const { interaction, message } = await begun({ ...LONG, length: 4_400 });
      interaction.channel.permissions &= ~PERMISSION.sendMessages;
      await until(() => isOver(message), 'an end');
      assert.match(smallPrintOf(message), /^Ended early: the bot may not send messages in this channel · /);
      assert.match(message.content, FOOTER);
      assert.ok(harness.discord.count(403) <= 2);
    });

    it('continues and finishes the story after a short Discord outage', async () => {
      const { interaction } = await begun();
      const edits = new RegExp(`^PATCH .*/${interaction.token}/`);
      harness.discord.misbehave({ match: edits, status: 503, times: 6 });
      const messages = await finished(interaction);
      assert.match(messages.at(-1)!.content, FOOTER);
    });

    it('sends a further message once when the network drops the response', async () => {
      const { interaction } = await begun({ ...LONG, length: 4_200 });
      const sends = new RegExp(`^POST .*/channels/${interaction.channel.id}/messages`);
      harness.discord.misbehave({ match: sends, status: 0, takesEffect: true, times: 2 });
      await finished(interaction);
      await sleep(500);
      assert.equal(interaction.channel.messages.size, 2);
    });

    it('keeps the story and handles missed messages when the gateway connection is cut', async () => {
      const { interaction } = await begun();
      const { gateway } = harness.discord;
      const before = gateway.resumes;
      gateway.cut();
      const next = harness.ann.slash(interaction.channel, 'scifi', { prompt: 'Meanwhile', length: 200 });
      const [first, second] = await Promise.all([finished(interaction), finished(next)]);
      assert.ok(textOf([first[0]!]).startsWith('It went wrong'));
      assert.ok(textOf(second).startsWith('Meanwhile'));
      assert.equal(gateway.resumes, before + 1);
    });

    it('shows the reply through an edit when the acknowledgement is lost', async () => {
      const { discord, ann } = harness;
      const channel = discord.world.addChannel();
      const interaction = ann.slash(channel, 'scifi', { prompt: 'Unheard', length: 200 });
      const callbacks = new RegExp(`^POST .*/${interaction.token}/callback`);
      discord.misbehave({ match: callbacks, status: 500, times: 4 });
      assert.ok(textOf(await finished(interaction)).startsWith('Unheard'));
      const other = ann.slash(discord.world.addChannel(), 'scifi', { prompt: 'Half heard', length: 200 });
      const half = new RegExp(`^POST .*/${other.token}/callback`);
      discord.misbehave({ match: half, status: 500, takesEffect: true });
      assert.ok(textOf(await finished(other)).startsWith('Half heard'));
    });

    it('drops an interaction that arrived too late', async () => {
      const { discord, ann } = harness;
      const channel = discord.world.addChannel();
      const interaction = ann.slash(channel, 'scifi', { prompt: 'Too late', length: 200 });
      discord.world.interactions.delete(interaction.token);
      await until(() => harness.log.find((line) => line.includes('"failure":"gone"')), 'a warning');
      await sleep(1_000);
      const calls = discord.log.filter(({ path }) => path.includes(interaction.token));
      assert.ok(calls.length <= 6, `${calls.length} calls`);
      assert.equal(channel.messages.size, 0);
    });
  });

  // One after the other: the first ends the lifetime of all tokens.
  describe('an interaction token that expires', { timeout: 240_000, concurrency: 1 }, () => {
    let harness: DiscordHarness;

    before(async () => {
      harness = await openDiscord({ answerableMs: ANSWERABLE_MS });
    });
    after(() => harness.close());

    it('continues through the channel where the bot is a member', async () => {
      const { discord, ann } = harness;
      const valid = discord.clocks.tokenMs;
      const channel = discord.world.addChannel();
      const interaction = ann.slash(channel, 'scifi', { ...LONG, length: 4_200 });
      const inChannel = `/channels/${channel.id}/messages/`;
      await until(
        () => discord.log.some(({ method, path }) => method === 'PATCH' && path.includes(inChannel)),
        'an edit through the channel',
      );
      const expiredAt = Date.now();
      discord.clocks.tokenMs = 0;
      const messages = await finished(interaction).finally(() => {
        discord.clocks.tokenMs = valid;
      });
      assert.ok(interaction.original!.history.at(-1)!.at > expiredAt);
      assert.equal(messages.length, 2);
      assert.ok(textOf(messages).length > 4_000);
      assert.equal(discord.count(401), 0, 'no call with a token that is dead');
    });

    it('ends the story earlier where the app is user-installed only', async () => {
      const { discord } = harness;
      const guest = { isInstalled: false };
      // Another user: the stories of one user run one after the other.
      const joe = new Person(discord, 'joe');
      const interaction = joe.slash(discord.world.addChannel(), 'scifi', LONG, guest);
      const [message] = await finished(interaction);
      const valid = discord.clocks.tokenMs;
      discord.clocks.tokenMs = 0;
      try {
        await until(async () => (await harness.bot.replies.count()).active === 0, 'the end of the job');
        assert.equal(discord.count(401), 0, 'its last edit was its last call');
      } finally {
        discord.clocks.tokenMs = valid;
      }
      assert.match(smallPrintOf(message!), /^Ended early: Discord lets it edit here for 15 minutes only · /);
      const text = textOf([message!]);
      // On a busy machine nothing is written in that time.
      assert.ok(text.startsWith(LONG.prompt) && text.length < LONG.length, `${text.length} characters`);
    });
  });

  describe('a queue on Discord', { timeout: 240_000 }, () => {
    it('shows the position, refuses when it is full, and continues when a worker starts', async () => {
      const harness = await openDiscord({ worker: false, allowed: { maxWaiting: 2 } });
      const stopAnnouncing = harness.announceWorker();
      try {
        const { discord, ann, channel } = harness;
        await until(() => harness.stories.status().phase === 'ready', 'the announcement to arrive');
        const first = ann.slash(channel, 'scifi', { prompt: 'First', length: 200 });
        await until(
          () => first.original && smallPrintOf(first.original).startsWith('Next in the queue, a'),
          'a place',
        );
        const second = ann.slash(channel, 'scifi', { prompt: 'Second', length: 200 });
        await until(
          () => second.original && smallPrintOf(second.original).startsWith('2nd in the queue, a'),
          'a place',
        );
        assert.deepEqual(labelsOf(second.original!), ['Stop', 'Delete']);
        const third = ann.slash(channel, 'scifi', { prompt: 'Third', length: 200 });
        assert.match(await ephemeralReply(third), /^2 stories are waiting already\./);
        ann.press(first.original!, 'Stop');
        await until(() => isOver(first.original!), 'an end');
        assert.match(first.original!.content, /-# Stopped before the first word · /);
        stopAnnouncing();
        await harness.startWorker();
        await until(() => isOver(second.original!), 'an end');
        assert.equal(discord.count('invalid'), 0);
      } finally {
        await harness.close();
      }
    });
  });

  describe('a Discord event that discord.js cannot handle', { timeout: 240_000 }, () => {
    it('is logged, and the process continues', async () => {
      const harness = await openDiscord();
      try {
        const { discord, ann, channel } = harness;
        for (const data of [null, { channel_id: channel.id, id: '1', author: 7 }]) {
          discord.gateway.dispatch('MESSAGE_UPDATE', data as never);
          discord.gateway.dispatch('MESSAGE_CREATE', { mentions: [], author: {}, ...data });
          discord.gateway.dispatch('INTERACTION_CREATE', data as never);
          discord.gateway.dispatch('CHANNEL_CREATE', data as never);
          discord.gateway.dispatch('MESSAGE_DELETE', data as never);
          discord.gateway.dispatch('MESSAGE_DELETE_BULK', data as never);
          discord.gateway.dispatch('THREAD_DELETE', data as never);
        }
        const isLogged = (line: string) => line.includes('an event of Discord could not be handled');
        await until(() => harness.log.some(isLogged), 'a line in the log');
        const interaction = ann.slash(channel, 'scifi', { prompt: 'All the same', length: 200 });
        assert.ok(textOf(await finished(interaction)).startsWith('All the same'));
      } finally {
        await harness.close();
      }
    });
  });

  describe('an exhausted Discord session limit', { timeout: 240_000 }, () => {
    it('is waited out while replies are edited', async () => {
      const harness = await openDiscord();
      try {
        const { discord, ann, channel } = harness;
        const { gateway } = discord;
        const interaction = ann.slash(channel, 'scifi', LONG);
        await until(() => interaction.original?.content, 'a growing text');
        Object.assign(gateway.sessions, { remaining: 0, resetAfterMs: 3_000 });
        await harness.restart();
        assert.match(harness.bot.problem() ?? '', /no more connections for now\. It connects again at 20/);
        assert.ok(textOf(await finished(interaction)).startsWith('It went wrong'));
        assert.equal(gateway.listeners, 0);
        Object.assign(gateway.sessions, { remaining: 1_000, resetAfterMs: 0 });
        await until(() => gateway.listeners === 1 && !harness.bot.problem(), 'a connection');
        const next = ann.slash(channel, 'scifi', { prompt: 'Here again', length: 200 });
        assert.ok(textOf(await finished(next)).startsWith('Here again'));
      } finally {
        await harness.close();
      }
    });

    it('does not prevent the process from closing', async () => {
      const harness = await openDiscord({ worker: false });
      try {
        Object.assign(harness.discord.gateway.sessions, { remaining: 0, resetAfterMs: 3_600_000 });
        await harness.restart();
      } finally {
        await harness.close();
      }
    });
  });

  describe('commands that Discord refuses', { timeout: 240_000 }, () => {
    it('do not prevent the start; the commands registered before stay in use', async () => {
      const harness = await openDiscord({ worker: false });
      try {
        const fewer = { models: MODELS.slice(0, 1) };
        const answers = [
          { status: 400, code: 30_034 },
          { status: 403, code: 50_001 },
        ];
        for (const answer of answers) {
          harness.discord.misbehave({ match: /^PUT .*commands$/, ...answer });
          await harness.restart(fewer);
          assert.ok(
            harness.log.some(
              (line) => line.includes('commands are not registered') && line.includes(`${answer.code}`),
            ),
          );
          assert.equal(harness.bot.problem(), undefined);
        }
      } finally {
        await harness.close();
      }
    });
  });

  describe('a token that Discord rejects', { timeout: 240_000 }, () => {
    it('ends the start with an instruction, without hanging', async () => {
      const harness = await openDiscord({ worker: false });
      try {
        for (const code of [4_004, 4_011, 4_014]) {
          harness.discord.gateway.refusal = code;
          await assert.rejects(
            harness.another(),
            {
              name: 'StoryError',
              code: 'configuration',
              message: /gateway refuses the bot .* `npm run -s scifi -- doctor`/,
            },
            `${code}`,
          );
        }
        harness.discord.gateway.refusal = undefined;
        const wrong = { token: 'a.b.c', shards: 'auto', api: harness.discord.api };
        await assert.rejects(harness.another({ config: wrong }), {
          message: /does not accept DISCORD_TOKEN/,
        });
        const range = { ...wrong, token: harness.discord.token, shards: '3-1/2' };
        await assert.rejects(harness.another({ config: range }), {
          message: /DISCORD_SHARDS: expected a range/,
        });
      } finally {
        await harness.close();
      }
    });
  });
});
