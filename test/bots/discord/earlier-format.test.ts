/**
 * Replies that an earlier version began: their handles have no format, and their messages have content. They keep that
 * until an Edit writes another reply in their place.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { PART_MAX } from '../../../src/bots/discord/message-format.ts';
import { layOut } from '../../../src/bots/discord/messages.ts';
import type { DiscordHandle } from '../../../src/bots/discord/surface.ts';
import type { ReplyJobData, ReplyRecord } from '../../../src/queue/reply-worker.ts';
import type { ReplyState, StoryRequest } from '../../../src/story/story.ts';
import { messageOf } from '../../fakes/discord/payloads.ts';
import type { FakeChannel, FakeInteraction, FakeMessage } from '../../fakes/discord/world.ts';
import {
  assertBoxed,
  botsMessages,
  type DiscordHarness,
  FOOTER,
  finished,
  isOver,
  labelsOf,
  openDiscord,
  textOf,
} from '../../harness/discord.ts';
import { until } from '../../helpers/programs.ts';

const PROMPT = 'It was asked of an earlier version,';
const REQUEST: StoryRequest = {
  prompt: PROMPT,
  context: '',
  preset: 'lively',
  temperature: 0.4,
  length: 2_400,
  seed: 5,
  model: 'scifi',
};

describe('a reply on Discord of an earlier version', { timeout: 240_000, concurrency: true }, () => {
  let harness: DiscordHarness;

  before(async () => {
    harness = await openDiscord({ isEmbedded: true, pace: 900, editIntervalMs: 250 });
  });
  after(() => harness.close());

  const jobOf = async (id: string) => {
    const queue = harness.connection.queue<ReplyJobData<DiscordHandle>, ReplyState>('replies-discord');
    try {
      return await queue.getJob(id);
    } finally {
      await queue.close();
    }
  };

  /** Stores a reply as an earlier version did: its handle has no format. */
  const storeOld = async (id: string, handle: Omit<DiscordHandle, 'format'>, record?: ReplyRecord) => {
    const queue = harness.connection.queue<ReplyJobData<DiscordHandle>, ReplyState>('replies-discord');
    try {
      const restored = record ? { restored: { record } } : {};
      const data = { request: REQUEST, handle, askedAt: Date.now(), ...restored };
      await queue.add('reply' as never, data as never, { jobId: id });
    } finally {
      await queue.close();
    }
  };

  /** An interaction that an earlier version has acknowledged. */
  const acknowledged = (channel: FakeChannel, isInstalled: boolean): FakeInteraction => {
    const { world } = harness.discord;
    const { user } = harness.ann;
    const interaction = world.addInteraction({ channel, user, isInstalled, on: undefined });
    interaction.callbackType = 5;
    interaction.original = world.addMessage(channel, world.bot, { thinking: true });
    return interaction;
  };

  /** A reply of an earlier version that has ended, in two messages. */
  const oldReply = async (): Promise<{ channel: FakeChannel; messages: FakeMessage[] }> => {
    const { discord, ann } = harness;
    const channel = discord.world.addChannel();
    const id = `m${channel.id}`;
    const prompt = discord.world.addMessage(channel, ann.user, { content: PROMPT });
    await storeOld(id, {
      channelId: channel.id,
      userId: ann.user.id,
      inChannel: true,
      replyTo: prompt.id,
    });
    const last = await until(() => botsMessages(channel).find(isOver), 'the end of the old reply');
    const messages = botsMessages(channel);
    assert.equal(messages.length, 2);
    assert.equal(messages[1], last);
    return { channel, messages };
  };

  it('keeps its format and its split, and its buttons work', async () => {
    const { ann } = harness;
    const { channel, messages } = await oldReply();
    for (const { flags, history } of messages) {
      assert.equal(flags, 0);
      for (const { layout, content } of history) {
        assert.equal(layout, undefined);
        assert.ok(content.length <= 2_000);
      }
    }
    assert.ok(textOf([messages[0]!]).length > 1_700 && textOf([messages[0]!]).length <= PART_MAX.content);
    assert.ok(textOf(messages).startsWith(PROMPT) && textOf(messages).length > 2_300);
    assert.deepEqual(labelsOf(messages[0]!), []);
    const press = ann.press(messages[1]!, 'Continue');
    const [next] = await finished(press);
    const { request } = (await jobOf(`i${press.id}`))!.data;
    assert.ok(textOf(messages).endsWith(request.context));
    assert.ok(next!.layout);
    ann.press(next!, 'Undo');
    await until(() => next!.deleted, 'the end of the continuation');
    const [warmer] = await finished(ann.press(messages[1]!, 'Warmer'));
    assert.ok(textOf([warmer!]).startsWith(PROMPT));
    ann.press(messages[1]!, 'Delete');
    await until(() => messages.every(({ deleted }) => deleted), 'the end of the messages');
    assert.ok(botsMessages(channel).includes(warmer!));
  });

  it('is edited in its format from where the earlier version left it', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const interaction = acknowledged(channel, true);
    const message = interaction.original!;
    const { id, token, createdAt: at } = interaction;
    const growing = { status: 'writing', text: PROMPT } as const;
    const facts = {
      id: `i${id}`,
      userId: ann.user.id,
      request: REQUEST,
      source: undefined,
      models: [],
      most: 9,
      format: 'content',
    } as const;
    discord.world.editMessage(message, layOut(growing, facts, '').body(0, []) as never);
    assert.equal(message.content, PROMPT);
    await storeOld(
      `i${id}`,
      {
        channelId: channel.id,
        userId: ann.user.id,
        inChannel: true,
        interaction: { id, token, at },
      },
      { state: growing, delivered: false, messages: [message.id] },
    );
    await until(() => textOf([message]).length > PROMPT.length + 50, 'a growing text');
    ann.press(message, 'Stop');
    await until(() => botsMessages(channel).some(isOver), 'its end');
    for (const one of botsMessages(channel)) {
      assert.equal(one.flags, 0);
      for (const { layout } of one.history) assert.equal(layout, undefined);
    }
    assert.ok(textOf(botsMessages(channel)).startsWith(PROMPT));
    assert.match(botsMessages(channel).at(-1)!.content, FOOTER);
  });

  it('becomes a box by Edit, in the same place', async () => {
    const { ann, discord } = harness;
    const { channel, messages } = await oldReply();
    const [first, second] = messages as [FakeMessage, FakeMessage];
    const edit = ann.press(second, 'Edit');
    await until(() => edit.modal, 'a form');
    ann.fill(edit, { opening: 'Edited', length: '120' });
    await until(() => textOf([first]).startsWith('Edited') && isOver(first), 'the new story');
    assert.deepEqual(botsMessages(channel), [first]);
    assert.ok(second.deleted);
    assertBoxed(first);
    assert.equal(messageOf(first, discord.world).content, '');
    ann.press(first, 'Delete');
    await until(() => first.deleted, 'the end of the message');
  });

  it('becomes a box by Edit where the bot may only answer', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const interaction = acknowledged(channel, false);
    const { id, token, createdAt: at } = interaction;
    await storeOld(`i${id}`, {
      channelId: channel.id,
      userId: ann.user.id,
      inChannel: false,
      interaction: { id, token, at },
    });
    const message = interaction.original!;
    await until(() => isOver(message), 'the end of the old reply');
    assert.equal(message.flags, 0);
    assert.match(message.content, /-# The rest does not fit here · /);
    discord.world.allow(channel, 0n);
    const edit = ann.press(message, 'Edit', false);
    await until(() => edit.modal, 'a form');
    ann.fill(edit, { opening: 'Edited as a guest', length: '120' });
    const isNew = () => textOf([message]).startsWith('Edited as a guest') && isOver(message);
    await until(isNew, 'the new story');
    assertBoxed(message);
  });

  it('is read back from the menu of a message as one of this version is, without the small print', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const [story] = await finished(ann.slash(channel, 'scifi', { prompt: 'Read me', length: 200 }));
    for (const message of [story!, (await oldReply()).messages[0]!]) {
      const interaction = ann.apply(message, 'Continue as sci-fi');
      await finished(interaction);
      const { request } = (await jobOf(`i${interaction.id}`))!.data;
      assert.ok(request.context !== '' && textOf([message]).endsWith(request.context), request.context);
    }
  });

  it('becomes a box when an old process has written content for a new reply', async () => {
    const { ann, discord, bot } = harness;
    const channel = discord.world.addChannel();
    const id = `m${channel.id}`;
    const message = discord.world.addMessage(channel, discord.world.bot, { content: PROMPT });
    const queue = harness.connection.queue<ReplyJobData<DiscordHandle>, ReplyState>('replies-discord');
    const handle: DiscordHandle = {
      channelId: channel.id,
      userId: ann.user.id,
      inChannel: true,
      format: 'container',
    };
    const record: ReplyRecord = {
      state: { status: 'writing', text: PROMPT },
      delivered: false,
      messages: [message.id],
    };
    const data = { request: { ...REQUEST, length: 200 }, handle, askedAt: Date.now(), restored: { record } };
    await queue.add('reply' as never, data as never, { jobId: id });
    await queue.close();
    await until(() => isOver(message), 'its end');
    assert.equal((await bot.replies.read(id))?.state.status, 'finished');
    assertBoxed(message);
  });
});
