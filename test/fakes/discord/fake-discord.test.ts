/** What the fake Discord accepts of Components V2, called by the real client. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import {
  type APIMessage,
  type DiscordAPIError,
  InteractionResponseType,
  MessageFlags,
  REST,
  Routes,
} from 'discord.js';
import { FakeDiscord } from './fake-discord.ts';
import type { FakeChannel, FakeMessage } from './world.ts';

const V2 = MessageFlags.IsComponentsV2;
const quiet = { allowed_mentions: { parse: [] } };
const text = (content: string, more = {}) => ({ type: 10, content, ...more });
const row = (...ids: string[]) => ({
  type: 1,
  components: ids.map((id) => ({ type: 2, style: 2, label: 'Press', custom_id: id })),
});
const box = (...components: object[]) => ({ type: 17, accent_color: 0xffffff, components });
const boxed = (...components: object[]) => ({ ...quiet, flags: V2, components: [box(...components)] });

describe('the fake Discord, called by the real client', () => {
  let discord: FakeDiscord;
  let rest: REST;
  let channel: FakeChannel;

  before(async () => {
    discord = await FakeDiscord.start();
    rest = new REST({ api: discord.api }).setToken(discord.token);
  });
  beforeEach(() => {
    channel = discord.world.addChannel();
  });
  after(async () => {
    rest.clearHashSweeper();
    rest.clearHandlerSweeper();
    await discord.stop();
  });

  const send = async (body: object) =>
    (await rest.post(Routes.channelMessages(channel.id), { body })) as APIMessage;
  const edit = async ({ id }: APIMessage | FakeMessage, body: object) =>
    (await rest.patch(Routes.channelMessage(channel.id, id), { body })) as APIMessage;
  /** Fails unless Discord's answer names the field and its error. */
  const refused = (call: Promise<unknown>, path: string, code: string) =>
    assert.rejects(call, (error: DiscordAPIError) => {
      assert.deepEqual([error.status, error.code], [400, 50_035]);
      const { errors, message } = error.rawError as { errors?: object; message: string };
      assert.equal(message, 'Invalid Form Body');
      type Errors = { readonly [key: string]: Errors } | undefined;
      const found = path.split('.').reduce((inner, key) => inner?.[key], errors as Errors);
      const { _errors: reasons } = (found ?? {}) as { _errors?: readonly { code: string }[] };
      assert.equal(reasons?.[0]?.code, code, JSON.stringify(errors));
      return true;
    });

  it('shows a box: no content, trimmed texts, and an id for each component', async () => {
    const message = await send(boxed(text(' The ship \n'), text('-# small', { id: 7 }), row('a', 'b')));
    assert.equal(message.content, '');
    assert.equal((message.flags ?? 0) & V2, V2);
    const [{ components }] = message.components as unknown as [
      { components: { id: number; content: string }[] },
    ];
    assert.deepEqual(
      components.slice(0, 2).map(({ content }) => content),
      ['The ship', '-# small'],
    );
    assert.equal(components[1]!.id, 7);
    const ids = JSON.stringify(message.components).match(/"id":\d+/g)!;
    assert.equal(ids.length, 6);
    assert.equal(new Set(ids).size, ids.length);
    const { content, layout } = channel.messages.get(message.id)!;
    assert.equal(content, 'The ship\n-# small');
    assert.equal(layout?.length, 1);
  });

  it('refuses a box without the flag, and old fields with it', async () => {
    const { components } = boxed(text('words'));
    await refused(
      send({ ...quiet, content: 'words', components }),
      'components.0.type',
      'UNION_TYPE_CHOICES',
    );
    const legacy = 'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2';
    const message = boxed(text('words'));
    await refused(send({ ...message, content: 'words' }), 'content', legacy);
    await refused(send({ ...message, embeds: [{ title: 'words' }] }), 'embeds', legacy);
    await refused(send({ ...message, poll: {} }), 'poll', legacy);
    await refused(send({ ...message, sticker_ids: ['1'] }), 'sticker_ids', legacy);
    await assert.rejects(send({ ...message, components: [] }), { code: 50_006 });
    await send({ ...message, content: null, embeds: [] });
  });

  it('counts all texts and all components of a message together', async () => {
    const long = 'x'.repeat(2_000);
    await send(boxed(text(long), text(long)));
    const tooLong = 'COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED';
    await refused(send(boxed(text(long), text(long), text('x'))), 'components', tooLong);
    await refused(
      send(boxed(text('x'.repeat(4_001)))),
      'components.0.components.0.content',
      'BASE_TYPE_BAD_LENGTH',
    );
    const many = Array.from({ length: 39 }, () => text('x'));
    await send(boxed(...many));
    await refused(send(boxed(...many, text('x'))), 'components', 'COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED');
    const rows = Array.from({ length: 7 }, (_, index) =>
      row(...'abcde'.split('').map((letter) => letter + index)),
    );
    await refused(send(boxed(...rows)), 'components', 'COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED');
  });

  it('wants unique ids, rows of at most five buttons, and words', async () => {
    const at = 'components.0.components.1';
    await refused(
      send(boxed(text('x', { id: 3 }), text('y', { id: 3 }))),
      `${at}.id`,
      'COMPONENT_ID_DUPLICATED',
    );
    const twice = `${at}.components.0.custom_id`;
    await refused(send(boxed(row('a'), row('a'))), twice, 'COMPONENT_CUSTOM_ID_DUPLICATED');
    const six = boxed(text('x'), row('a', 'b', 'c', 'd', 'e', 'f'));
    await refused(send(six), `${at}.components`, 'BASE_TYPE_BAD_LENGTH');
    await refused(send(boxed(text('x'), text(' '))), `${at}.content`, 'BASE_TYPE_REQUIRED');
    await refused(send(boxed(text('x'), box(text('y')))), `${at}.type`, 'UNION_TYPE_CHOICES');
    const looks = (emoji: string) => ({
      type: 2,
      style: 2,
      label: 'Like',
      emoji: { name: emoji },
      custom_id: 'a',
    });
    await send(boxed({ type: 1, components: [looks('👍')] }));
    const wordy = boxed({ type: 1, components: [looks('like')] });
    const button = 'components.0.components.0.components.0';
    await refused(send(wordy), `${button}.emoji.name`, 'BUTTON_COMPONENT_INVALID_EMOJI');
    await refused(send(boxed()), 'components.0.components', 'BASE_TYPE_BAD_LENGTH');
  });

  it('converts a message with content by an edit that clears it, and never takes the flag off', async () => {
    const message = await send({ ...quiet, content: 'words' });
    const legacy = 'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2';
    await refused(edit(message, boxed(text('boxed'))), 'content', legacy);
    const converted = await edit(message, { ...boxed(text('boxed')), content: null });
    assert.deepEqual([converted.content, (converted.flags ?? 0) & V2], ['', V2]);
    await edit(message, { ...boxed(text('again')), content: null });
    await refused(edit(message, { ...quiet, content: 'words' }), 'content', legacy);
    const removed = 'MESSAGE_CANNOT_REMOVE_COMPONENTS_V2_FLAG';
    await refused(edit(message, { ...quiet, flags: 0, components: [box(text('x'))] }), 'flags', removed);
    // Without flags, they stay.
    const kept = await edit(message, { ...quiet, components: [box(text('kept'))] });
    assert.equal((kept.flags ?? 0) & V2, V2);
  });

  it('lets the acknowledgement of an interaction become a box, also an ephemeral one', async () => {
    for (const flags of [0, MessageFlags.Ephemeral]) {
      const user = discord.world.addUser('ann');
      const interaction = discord.world.addInteraction({ channel, user, isInstalled: true, on: undefined });
      await rest.post(Routes.interactionCallback(interaction.id, interaction.token), {
        auth: false,
        body: { type: InteractionResponseType.DeferredChannelMessageWithSource, data: { flags } },
      });
      const route = Routes.webhookMessage(discord.world.application.id, interaction.token, '@original');
      const body = { ...boxed(text('words')), content: null };
      const message = (await rest.patch(route, { auth: false, body })) as APIMessage;
      assert.equal(message.flags, flags | V2);
      const removed = 'MESSAGE_CANNOT_REMOVE_COMPONENTS_V2_FLAG';
      const plain = { ...quiet, flags: 0, components: [box(text('x'))] };
      await refused(rest.patch(route, { auth: false, body: plain }), 'flags', removed);
    }
  });

  it('knows no response to an interaction before it is acknowledged', async () => {
    const user = discord.world.addUser('ann');
    const { token } = discord.world.addInteraction({ channel, user, isInstalled: true, on: undefined });
    const route = Routes.webhookMessage(discord.world.application.id, token, '@original');
    await assert.rejects(rest.delete(route, { auth: false }), { code: 10_015 });
    await assert.rejects(rest.patch(route, { auth: false, body: boxed(text('x')) }), { code: 10_015 });
  });

  it('finds words for AutoMod and for mentions in boxes, too', async () => {
    channel.refused = /^Boo/;
    await assert.rejects(send(boxed(text('Boo'))), { code: 200_000 });
    await send(boxed(text('@everyone')));
    assert.deepEqual(discord.world.pings.splice(0), ['@everyone']);
  });
});
