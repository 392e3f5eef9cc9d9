import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChannelType, PermissionsBitField } from 'discord.js';
import { impossibleIn, missingFor, obstacleIn } from '../../../src/bots/discord/channel-check.ts';

const prompts = { messages: 'every', cooldownSeconds: 0, leastCharacters: 1, threads: true } as const;
const threads = { channelId: 'c', prompts };
const plain = { channelId: 'c', prompts: { ...prompts, threads: false } };
const { GuildText, GuildAnnouncement, GuildVoice, GuildStageVoice, PublicThread, PrivateThread } =
  ChannelType;

describe('the check of a channel against its settings', () => {
  it('rejects threads within threads and voice channels', () => {
    for (const type of [GuildVoice, GuildStageVoice, PublicThread, PrivateThread]) {
      assert.match(impossibleIn(threads, { type }) ?? '', /cannot have threads of their own/);
      assert.equal(impossibleIn(plain, { type }), undefined);
    }
    for (const type of [GuildText, GuildAnnouncement, undefined]) {
      assert.equal(impossibleIn(threads, { type }), undefined);
    }
  });

  it('requires the permission that applies to this kind of channel', () => {
    const permissions = new PermissionsBitField(['ViewChannel', 'SendMessages', 'ReadMessageHistory']);
    const missing = (channel: typeof threads | typeof plain, type: ChannelType) =>
      missingFor(channel, { type, permissions });
    assert.deepEqual(missing(plain, GuildText), []);
    assert.deepEqual(missing(plain, PublicThread), ['Send Messages in Threads']);
    assert.deepEqual(missing(plain, GuildVoice), ['Connect']);
    assert.deepEqual(missing(threads, GuildText), ['Create Public Threads', 'Send Messages in Threads']);
    const inThreads = new PermissionsBitField(['ViewChannel', 'SendMessagesInThreads', 'ReadMessageHistory']);
    assert.deepEqual(missingFor(plain, { type: PublicThread, permissions: inThreads }), []);
    assert.match(
      obstacleIn(plain, { type: PublicThread, permissions }) ?? '',
      /I need Send Messages in Threads/,
    );
  });
});
