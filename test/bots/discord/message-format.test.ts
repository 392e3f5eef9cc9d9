/** The messages of a story: boxes of Components V2. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ContainerBuilder } from 'discord.js';
import { customIdsIn, textsIn } from '../../../src/bots/discord/components.ts';
import { bodyOf, readPart } from '../../../src/bots/discord/message-format.ts';
import { layOut, type ReplyFacts } from '../../../src/bots/discord/messages.ts';
import type { ReplyState } from '../../../src/story/story.ts';
import { COMPONENTS_V2, checkComponents, type FakeContainer } from '../../fakes/discord/components.ts';
import { messageOf } from '../../fakes/discord/payloads.ts';
import {
  assertBoxed,
  botsMessages,
  type DiscordHarness,
  EPHEMERAL,
  FOOTER,
  finished,
  isOver,
  openDiscord,
} from '../../harness/discord.ts';
import { until } from '../../helpers/programs.ts';

const PROMPT = 'It was all in a box,';
const FACTS: ReplyFacts = {
  id: 'i1234567890123456789',
  userId: '1234567890123456789',
  request: {
    prompt: PROMPT,
    context: '',
    preset: 'lively',
    temperature: 0.4,
    length: 2_400,
    seed: 5,
    model: 'scifi',
  },
  source: undefined,
  models: [],
  most: 9,
  isSharing: true,
  format: 'container',
};

describe('the messages of a story on Discord', { timeout: 240_000, concurrency: true }, () => {
  let harness: DiscordHarness;

  before(async () => {
    harness = await openDiscord({ isEmbedded: true, pace: 900, editIntervalMs: 250 });
  });
  after(() => harness.close());

  it('are boxes with the story, the small print and the buttons, from the first to the last edit', async () => {
    const { ann, discord } = harness;
    const interaction = ann.slash(discord.world.addChannel(), 'scifi', { prompt: 'Boxed', length: 300 });
    const [message] = await finished(interaction);
    for (const { layout } of message!.history) {
      // While it waits or grows, there is one line or two, and one row of buttons.
      const [{ components }] = layout as [FakeContainer];
      assert.match(components.map(({ type }) => type).join(), /^10(,10)?(,1)+$/);
    }
    assertBoxed(message!);
    const wire = messageOf(message!, discord.world);
    assert.equal(wire.content, '');
    const [story, smallPrint, ...more] = textsIn(wire.components as object[]);
    assert.ok(story!.startsWith('Boxed') && !story!.includes('\n-# '));
    assert.match(smallPrint!, FOOTER);
    assert.deepEqual(more, []);
    const [box] = message!.layout as [FakeContainer];
    assert.equal(box.accent_color, 0xf4b352);
  });

  it('are boxes everywhere: in threads, direct messages, as a guest, for one user, and each day', async () => {
    const { ann, discord, bot } = harness;
    const { world } = discord;
    const channel = world.addChannel();
    const thread = world.addChannel({ type: 11, parentId: channel.id });
    const direct = world.addChannel({ type: 1 });
    const options = { prompt: 'Everywhere', length: 120 };
    const asked = [
      ann.slash(thread, 'scifi', options),
      ann.slash(direct, 'scifi', options),
      ann.slash(world.addChannel(), 'scifi', options, { isInstalled: false }),
    ];
    for (const one of asked) {
      const [message] = await finished(one);
      assertBoxed(message!);
    }
    const [hidden] = await finished(ann.slash(channel, 'scifi', { ...options, private: true }));
    assertBoxed(hidden!, EPHEMERAL);
    const daily = world.addChannel();
    await bot.channels.write({
      channelId: daily.id,
      community: world.guild.id,
      daily: { hour: 0, timeZone: 'UTC' },
    });
    await bot.daily.post(daily.id);
    const line = await until(() => botsMessages(daily).find(isOver), 'a daily story');
    assertBoxed(line);
  });
});

describe('a box', () => {
  it('is one that discord.js accepts, within all limits of Discord at its fullest', () => {
    const text = `${PROMPT} ${'word '.repeat(2_000)}`;
    const state: ReplyState = {
      status: 'finished',
      ending: 'complete',
      text,
      modelVersion: 'v'.repeat(300),
      engine: 'e',
      unreadable: 0,
    };
    const layout = layOut(state, FACTS, '');
    const ids = ['1234567890123456790', '1234567890123456791', '1234567890123456792'];
    assert.equal(layout.count, 3);
    for (let index = 0; index < layout.count; index++) {
      const body = layout.body(index, ids);
      assert.equal(body.flags, COMPONENTS_V2);
      assert.ok(!('content' in body));
      const [box, ...more] = body.components!;
      assert.deepEqual(more, []);
      assert.deepEqual(new ContainerBuilder(box as never).toJSON(), box);
      checkComponents(body.components, true);
    }
  });

  it('is compared and read whole: its texts, and the buttons within it', () => {
    const layout = layOut({ status: 'writing', text: PROMPT }, FACTS, '');
    const { components } = layout.body(0, []);
    assert.deepEqual(textsIn(components!), [
      PROMPT.replace(/[-,]/g, (sign) => (sign === '-' ? '\\-' : sign)),
    ]);
    assert.equal(customIdsIn(components!).length, 2);
    const { components: wait } = layOut({ status: 'waiting', position: 1 }, FACTS, 'Next').body(0, []);
    assert.deepEqual(textsIn(wait!), ['-# Next']);
    assert.equal(readPart('-# Next').text, '');
    assert.deepEqual(textsIn(bodyOf('container', {}).components!), ['-# …']);
  });
});
