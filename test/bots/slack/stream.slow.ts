/** Stories as Slack's native streams, and the fallback when Slack refuses or ends a stream. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { layOutRoot } from '../../../src/bots/slack/reply/messages.ts';
import { markdownOf } from '../../../src/bots/slack/reply/stream.ts';
import { clean } from '../../../src/bots/text.ts';
import type { FakeChannel, FakeMessage } from '../../fakes/slack/world.ts';
import {
  botsMessages,
  FOOTER,
  finished,
  isOver,
  labelsOf,
  openSlack,
  type SlackHarness,
  smallPrintOf,
  textOf,
} from '../../harness/slack.ts';
import { until } from '../../helpers/programs.ts';
import { anyText } from '../outgoing-text.ts';

const LONG = 'It streams length=1500';

describe('a story on Slack as a stream', { timeout: 240_000 }, () => {
  let harness: SlackHarness;

  before(async () => {
    harness = await openSlack({
      settings: () => ({ reply: 'stream' }),
      allowance: 4,
      isHeld: ({ prompt }) => prompt === 'Stop me',
    });
  });
  after(async () => {
    await harness.close();
    assert.deepEqual(harness.slack.world.pings, []);
    assert.doesNotMatch(harness.log.join(''), /"level":50/);
  });

  /** A story in its own channel: the opening message, and the stream once it has begun. */
  async function begun(
    text = LONG,
  ): Promise<{ channel: FakeChannel; root: FakeMessage; stream: FakeMessage }> {
    const channel = harness.channelOf();
    harness.ann.slash(channel, '/scifi', text);
    const root = await until(() => botsMessages(channel)[0], 'a message');
    const stream = await until(() => botsMessages(channel, root.ts)[0], 'a stream');
    return { channel, root, stream };
  }

  it('grows below its opening, and ends with footer and buttons', async () => {
    const { channel, root, stream } = await begun();
    await until(() => isOver(stream), 'the end');
    const growing = stream.history.map(({ text }) => text).filter((text) => text.startsWith('It streams'));
    assert.ok(growing.length >= 4, `${growing.length} states`);
    assert.ok(harness.slack.count('chat.appendStream', 'ok') >= 3);
    assert.ok(textOf(stream).startsWith('It streams') && textOf(stream).length > 1_000);
    assert.match(smallPrintOf(stream), FOOTER);
    assert.equal(stream.streamingSince, undefined);
    await until(() => smallPrintOf(root) === 'The story is in the thread', 'the last of the opening');
    assert.deepEqual(labelsOf(root), []);
    assert.equal(channel.messages.size, 2);
    harness.ann.press(stream, 'Continue');
    const next = await finished(channel, ({ ts }) => ts > stream.ts);
    assert.equal(next.threadTs, root.ts, 'what goes on goes on in the thread');
  });

  it('is stopped from the opening message', async () => {
    const { root, stream } = await begun('Stop me length=1500');
    harness.ann.press(root, 'Stop');
    await until(() => isOver(stream), 'the end');
    assert.ok(textOf(stream).length < 1_400);
  });

  it('continues by edits where streams are not available', async () => {
    const { slack } = harness;
    slack.misbehave({ match: /startStream/, answer: 'channel_type_not_supported' });
    const channel = harness.channelOf();
    harness.ann.slash(channel, '/scifi', 'It streams length=800');
    const message = await finished(channel);
    assert.equal(message.threadTs, undefined);
    assert.ok(textOf(message).length > 500);
    assert.equal(channel.messages.size, 1);
  });

  it('tries no other stream in a conversation, or a workspace, that has refused one', async () => {
    const { slack } = harness;
    const channel = harness.channelOf();
    const asked = (id: string) =>
      slack.log.filter((call) => call.method === 'chat.startStream' && call.channelId === id);
    slack.misbehave({ match: /startStream/, answer: 'channel_type_not_supported', times: 2 });
    for (const prompt of ['One length=800', 'Two length=800']) {
      harness.ann.slash(channel, '/scifi', prompt);
      await finished(channel, (message) => textOf(message).startsWith(prompt.slice(0, 3)));
    }
    assert.equal(asked(channel.id).length, 1);
    slack.faults.length = 0;
    // Another conversation of the same workspace has streams.
    const { stream } = await begun('It streams length=800');
    await until(() => isOver(stream), 'the end');
  });

  it('continues by edits, in the same message, when its stream fails', async () => {
    const { slack } = harness;
    for (const die of [
      () => slack.misbehave({ match: /appendStream/, answer: 'message_not_in_streaming_state' }),
      () => slack.misbehave({ match: /appendStream/, answer: 0, takesEffect: true }),
      () => slack.misbehave({ match: /appendStream/, answer: 'streaming_state_conflict' }),
    ]) {
      const { channel, stream } = await begun('It streams length=800');
      die();
      await until(() => isOver(stream), 'the end');
      assert.ok(textOf(stream).startsWith('It streams') && textOf(stream).length > 500);
      assert.equal(stream.streamingSince, undefined);
      assert.equal(channel.messages.size, 2);
    }
  });

  it('continues by edits, in the same message, when its stream is too old', async () => {
    const { slack } = harness;
    slack.clocks.streamMs = 300;
    const { channel, stream } = await begun('It streams length=800');
    await until(() => isOver(stream), 'the end');
    slack.clocks.streamMs = 300_000;
    assert.ok(textOf(stream).length > 500);
    assert.equal(channel.messages.size, 2);
  });

  it('is taken over by the next process, in the same message', async () => {
    const { channel, root, stream } = await begun();
    await until(() => stream.text.length > 200, 'a growing text');
    await harness.restart();
    await until(() => isOver(stream), 'the end');
    assert.ok(textOf(stream).length > 1_000);
    assert.equal(channel.messages.size, 2);
    await until(() => smallPrintOf(root) === 'The story is in the thread', 'the last of the opening');
  });

  it('uses edits where it would have no opening of its own', async () => {
    const channel = harness.channelOf();
    const asked = harness.ann.mention(channel, 'In a thread length=200');
    const message = await finished(channel);
    assert.equal(message.threadTs, asked.ts);
    assert.equal(channel.messages.size, 2);
  });
});

describe('a text as Markdown', () => {
  it('is shown literally', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const safe = clean(text);
        const markdown = markdownOf(safe);
        assert.doesNotMatch(
          markdown.replace(/\\[!-/:-@[-`{-~]/g, ''),
          /[\\`*_{}[\]()#+\-.!|~<>]|&(?!(?:amp|lt|gt);)/,
        );
        const plain = markdown.replace(/\\([!-/:-@[-`{-~])/g, '$1');
        assert.equal(plain.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'), safe);
        assert.equal([...safe].map(markdownOf).join(''), markdown, 'where it is cut does not matter');
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('the message above a stream', () => {
  it('has the opening with its vulgar words masked', () => {
    const request = {
      prompt: 'What the fuck',
      context: '',
      temperature: 1,
      length: 99,
      seed: 1,
      model: 'scifi',
    };
    const facts = { id: 'id', userId: 'U1', request, source: undefined, models: [] };
    const body = JSON.stringify(layOutRoot({ status: 'writing', text: 'What the f***' }, facts, ''));
    assert.ok(body.includes('What the f***') && !body.includes('fuck'), body);
  });
});
