/** The whole path, from a command on the fake Discord to the last edit of its reply. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { readPart } from '../../../src/bots/discord/message-format.ts';
import { Person } from '../../fakes/discord/people.ts';
import { type FakeInteraction, type FakeMessage, PERMISSION } from '../../fakes/discord/world.ts';
import {
  type DiscordHarness,
  EPHEMERAL,
  FOOTER,
  finished,
  LONG_OPENING,
  labelsOf,
  openDiscord,
  textOf,
} from '../../harness/discord.ts';
import { until } from '../../helpers/programs.ts';

/** The labels of the last row. */
const FEEDBACK = ['Like', 'Dislike'];

/** A reply that the user stops as soon as it has text, if it has not ended by then. */
async function stopped({ ann }: DiscordHarness, interaction: FakeInteraction): Promise<FakeMessage[]> {
  const message = await until(() => interaction.original, 'an acknowledgement');
  await until(() => textOf([message]).length > 20, 'a growing text');
  if (labelsOf(message).includes('Stop')) ann.press(message, 'Stop');
  return finished(interaction);
}

describe('a story on Discord', { timeout: 240_000, concurrency: true }, () => {
  let harness: DiscordHarness;

  before(async () => {
    // Faster than in production; the limits in Discord's headers still apply.
    harness = await openDiscord({
      isEmbedded: true,
      pace: 900,
      editIntervalMs: 250,
      isHeld: ({ prompt }) => prompt === 'Stop me',
    });
  });
  after(async () => {
    await harness.close();
    const log = harness.log.join('');
    assert.doesNotMatch(
      log,
      /It all began|Long ago|airlock|the ship/,
      'no prompt and no story is in the log',
    );
    for (const { token } of harness.discord.world.interactions.values()) assert.ok(!log.includes(token));
    assert.ok(!log.includes(harness.discord.token));
  });

  it('is acknowledged before its first text, grows in place, and ends with footer and buttons', async () => {
    const { ann, channel } = harness;
    const interaction = ann.slash(channel, 'scifi', { prompt: 'It all began with', length: 1_700 });
    const [message, ...more] = await finished(interaction);
    assert.equal(more.length, 0);
    const begun = message!.history.find(({ content }) => content.startsWith('It all began with'))!;
    assert.ok(interaction.acknowledgedAt! <= begun.at);
    const texts = message!.history.map(({ content }) => readPart(content).text);
    const growing = texts.filter((text) => text.startsWith('It all began with'));
    // The opening, a part and the whole; a loaded machine makes no more edits than these.
    assert.ok(growing.length >= 3, `${growing.length} edits`);
    for (const [index, text] of growing.slice(1).entries()) assert.ok(text.startsWith(growing[index]!));
    assert.match(message!.content, FOOTER);
    assert.match(message!.content, /Science fiction fake\\-1 \(fake\) · lively · seed 7/);
    assert.deepEqual(labelsOf(message!), [
      'Continue',
      'Another',
      'Warmer',
      'Cooler',
      'My line',
      'Vote',
      'Edit',
      'Delete',
      ...FEEDBACK,
    ]);
    assert.equal(harness.discord.count(429), 0);
  });

  it('continues in further messages without cutting a word, and is joined again when read back', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const interaction = ann.slash(channel, 'scifi', { prompt: LONG_OPENING, length: 6_000, seed: 3 });
    const messages = await finished(interaction);
    assert.ok(messages.length >= 3, `${messages.length} messages`);
    for (const message of messages) assert.ok(message.content.length <= 4_000);
    for (const message of messages.slice(0, -1)) assert.deepEqual(labelsOf(message), []);
    assert.equal(labelsOf(messages.at(-1)!).length, 10);
    const story = textOf(messages);
    assert.ok(story.length > 5_800 && /^Long ago \*+( [a-zA-Z]+\.?)+$/.test(story), story.slice(0, 300));
    // An earlier message is final when the next one begins.
    const [first, second] = messages;
    const then = first!.history.findLast(({ at }) => at <= second!.at);
    assert.equal(then?.content, first!.content);
    // Continue reads across the last two messages.
    const next = await stopped(harness, ann.press(messages.at(-1)!, 'Continue'));
    assert.ok(!textOf(next).startsWith('Long ago') && textOf(next).length > 20);
    const again = await stopped(harness, ann.press(messages.at(-1)!, 'Warmer'));
    assert.ok(textOf(again).startsWith(LONG_OPENING), 'the prompt is found in the first message');
    assert.match(again.at(-1)!.content, / · wild · seed 3 /);
  });

  it('is stopped by its author or a moderator only', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const bob = new Person(discord, 'bob');
    const interaction = ann.slash(channel, 'scifi', { prompt: 'Stop me', length: 6_000 });
    const message = await until(() => interaction.original, 'an acknowledgement');
    await until(() => labelsOf(message).includes('Stop') && textOf([message]).length > 100, 'a growing text');
    const refused = bob.press(message, 'Stop');
    const ephemeral = await until(() => refused.original, 'a refusal');
    assert.match(ephemeral.content, /^Only the user who asked/);
    assert.equal(ephemeral.flags, EPHEMERAL);
    bob.permissions |= PERMISSION.manageMessages;
    const shown = textOf([message]);
    bob.press(message, 'Stop');
    const messages = await finished(interaction);
    const text = textOf(messages);
    assert.ok(text.startsWith(shown) && text.length < 1_000, `${text.length} characters`);
    assert.match(messages.at(-1)!.content, FOOTER);
    assert.equal(labelsOf(messages.at(-1)!)[0], 'Continue');
  });

  it('is generated again by Another, Warmer and Cooler, with its own opening and seed', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    // No part of the prompt is interpreted as markup, and all of it is returned.
    const prompt = '**@everyone** <@one> [a](http://b) \\ `c`';
    const ask = { prompt, length: 120, temperature: 0.1, seed: 9, model: 'melville' };
    const [message] = await finished(ann.slash(channel, 'scifi', ask));
    assert.ok(textOf([message!]).startsWith(prompt), message!.content);
    assert.match(message!.content, /Melville .* · classic, temperature 0\.1 · seed 9/);
    const [cooler] = await finished(ann.press(message!, 'Cooler'));
    assert.match(cooler!.content, /Melville .* · classic, temperature 0 · seed 9/);
    assert.deepEqual(labelsOf(cooler!), [
      'Continue',
      'Another',
      'Warmer',
      'My line',
      'Vote',
      'Edit',
      'Delete',
      ...FEEDBACK,
    ]);
    assert.ok(textOf([cooler!]).startsWith(prompt));
    const [another] = await finished(ann.press(cooler!, 'Another'));
    assert.doesNotMatch(another!.content, /· seed 9 ·/);
    assert.ok(textOf([another!]).startsWith(prompt));
    assert.deepEqual(discord.world.pings, []);
  });

  it('has the preset that is chosen, also in Warmer, Cooler and Another', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const ask = { prompt: 'It all began', length: 120, seed: 9 };
    const [wild] = await finished(ann.slash(channel, 'scifi', { ...ask, preset: 'wild' }));
    assert.match(wild!.content, / · wild · seed 9 · /);
    assert.deepEqual(labelsOf(wild!), [
      'Continue',
      'Another',
      'Cooler',
      'My line',
      'Vote',
      'Edit',
      'Delete',
      ...FEEDBACK,
    ]);
    const [lively] = await finished(ann.press(wild!, 'Cooler'));
    assert.match(lively!.content, / · lively · seed 9 · /);
    const [calm] = await finished(ann.press(lively!, 'Cooler'));
    assert.match(calm!.content, / · calm · seed 9 · /);
    assert.deepEqual(labelsOf(calm!), [
      'Continue',
      'Another',
      'Warmer',
      'My line',
      'Vote',
      'Edit',
      'Delete',
      ...FEEDBACK,
    ]);
    const [another] = await finished(ann.press(calm!, 'Another'));
    assert.match(another!.content, / · calm · seed (?!9 )/);
    const refused = ann.slash(channel, 'scifi', { ...ask, preset: 'wild', temperature: 0.4 });
    const ephemeral = await until(() => refused.original, 'a refusal');
    assert.match(
      ephemeral.content,
      /^The temperature belongs to the preset classic; leave out one of them\./,
    );
  });

  it('of version 0.1 has buttons that give classic stories', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const [message] = await finished(
      ann.slash(channel, 'scifi', { prompt: 'Once', length: 120, temperature: 0.4, seed: 9 }),
    );
    const [row] = message!.components as { components: { custom_id: string }[] }[];
    for (const button of row!.components) {
      // The preset, the third field, is new in version 2.
      const [, action, model, , ...others] = button.custom_id.split(':');
      button.custom_id = ['1', action, model, ...others].join(':');
    }
    const [warmer] = await finished(ann.press(message!, 'Warmer'));
    assert.match(warmer!.content, / · classic, temperature 0\.6 · seed 9 · /);
    assert.ok(textOf([warmer!]).startsWith('Once'));
  });

  it('continues any message from its menu, and again with the same beginning', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const post = ann.say(channel, 'The airlock opened, and there stood a man without a shadow.');
    const [message] = await finished(ann.apply(post, 'Continue as sci-fi'));
    assert.ok(!textOf([message!]).includes('airlock'));
    const [same] = await finished(ann.press(message!, 'Warmer'));
    assert.notEqual(textOf([same!]), '');
    const empty = ann.apply(ann.say(channel, ''), 'Continue as sci-fi');
    const ephemeral = await until(() => empty.original, 'a refusal');
    assert.match(ephemeral.content, /^There is no text in that message/);
  });

  it('continues messages whose text is forwarded, in an embed or in components', async () => {
    const { ann, discord, connection } = harness;
    const channel = discord.world.addChannel();
    const reference = { type: 1, message_id: '1', channel_id: '2', guild_id: '3' };
    const words = { content: 'The airlock opened' };
    const forwarded = { ...words, embeds: [], attachments: [], components: [], type: 0 };
    const cases = [
      { message_reference: reference, message_snapshots: [{ message: forwarded }] },
      { embeds: [{ type: 'rich', description: words.content }] },
      { flags: 1 << 15, components: [{ type: 17, id: 1, components: [{ type: 10, id: 2, ...words }] }] },
    ];
    const replies = connection.queue<Record<string, unknown>, unknown>('replies-discord');
    for (const extra of cases) {
      const interaction = ann.apply(ann.say(channel, '', extra), 'Continue as sci-fi');
      const [message] = await finished(interaction);
      const job = await replies.getJob(`i${interaction.id}`);
      assert.match(JSON.stringify(job?.data), /The airlock opened/);
      // Warmer reads the message again, through the API.
      const warmer = ann.press(message!, 'Warmer');
      await finished(warmer);
      const next = await replies.getJob(`i${warmer.id}`);
      assert.match(JSON.stringify(next?.data), /The airlock opened/);
    }
    await replies.close();
  });

  it('refuses an opening without words', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    for (const prompt of ['🚀🚀', '<:rocket:1234567890>', 'https://example.org/a', '...']) {
      const interaction = ann.slash(channel, 'scifi', { prompt });
      const ephemeral = await until(() => interaction.original, 'a refusal');
      assert.match(ephemeral.content, /^There are no words in that opening/);
    }
  });

  it('fits into one message where the app is user-installed only, and says so', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const guest = { isInstalled: false };
    const [message, ...more] = await finished(
      ann.slash(channel, 'scifi', { prompt: 'As a guest', length: 4_400 }, guest),
    );
    assert.equal(more.length, 0);
    assert.match(message!.content, /-# The rest does not fit here · /);
    assert.match(message!.content, FOOTER);
    assert.equal(channel.messages.size, 1);
  });

  it('refuses invalid requests in an ephemeral reply', async () => {
    const { ann, channel } = harness;
    const interaction = ann.slash(channel, 'scifi', { prompt: 'x'.repeat(100), length: 60 });
    const ephemeral = await until(() => interaction.original, 'a refusal');
    assert.match(ephemeral.content, /needs at least 50 of its own/);
    assert.equal(ephemeral.flags, EPHEMERAL);
    const crammed = ann.slash(channel, 'scifi', { prompt: '*'.repeat(1_900), length: 3_000 });
    const other = await until(() => crammed.original, 'a refusal');
    assert.match(other.content, /too long for one message/);
    // Masked, it is longer: asterisks are escaped for Discord.
    const vulgar = ann.slash(channel, 'scifi', {
      prompt: 'fuck '.repeat(100) + '*'.repeat(1_500),
      length: 3_000,
    });
    const third = await until(() => vulgar.original, 'a refusal');
    assert.match(third.content, /too long for one message/);
  });

  it('refuses in an ephemeral reply to continue from a slur, regardless of its author', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const post = ann.say(channel, 'The wops took over the ship.');
    for (const interaction of [
      ann.slash(channel, 'scifi', { prompt: 'All the w0ps' }),
      ann.apply(post, 'Continue as sci-fi'),
    ]) {
      const ephemeral = await until(() => interaction.original, 'a refusal');
      assert.match(ephemeral.content, /^I do not write on from one of the words in there/);
      assert.equal(ephemeral.flags, EPHEMERAL);
    }
  });

  it('is posted with vulgar words masked, and is requested again with the original words', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const ask = { prompt: 'What the fuck, said the ship,', length: 120 };
    const [message] = await finished(ann.slash(channel, 'scifi', ask));
    for (const one of [message!, (await finished(ann.press(message!, 'Another')))[0]!]) {
      assert.ok(textOf([one]).startsWith('What the f***, said the ship,'), textOf([one]));
      for (const { content } of one.history) assert.doesNotMatch(content, /fuck/);
    }
  });

  it('is written once when its command is delivered twice', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel();
    const second = await harness.another();
    const interaction = ann.slash(channel, 'scifi', { prompt: 'Twice heard', length: 300 });
    await finished(interaction);
    await second.close();
    assert.equal([...channel.messages.values()].length, 1);
    const callbacks = discord.log.filter(
      ({ path }) => path.includes(interaction.token) && path.endsWith('callback'),
    );
    assert.deepEqual(callbacks.map(({ status }) => status).sort(), [204, 400]);
  });

  it('continues in a direct message, too', async () => {
    const { ann, discord } = harness;
    const channel = discord.world.addChannel({ type: 1 });
    const messages = await finished(ann.slash(channel, 'scifi', { prompt: 'Between us', length: 4_200 }));
    assert.equal(messages.length, 2);
    assert.ok(textOf(messages).startsWith('Between us'));
    assert.match(messages[1]!.content, FOOTER);
  });
});

describe('a story on Discord whose process exits', { timeout: 240_000 }, () => {
  it('is edited further by a process that does not listen for commands', async () => {
    const harness = await openDiscord();
    try {
      const { ann, discord, channel } = harness;
      const editor = await harness.another({
        config: { token: discord.token, api: discord.api, shards: 'none' },
      });
      const interaction = ann.slash(channel, 'scifi', { prompt: 'Handed over', length: 1_200 });
      await until(() => (interaction.original?.content.length ?? 0) > 100, 'a growing text');
      await harness.bot.close();
      assert.ok(textOf(await finished(interaction)).startsWith('Handed over'));
      assert.equal(discord.gateway.identifies, 1);
      assert.equal(channel.messages.size, 1);
      await editor.close();
    } finally {
      await harness.close();
    }
  });
});
