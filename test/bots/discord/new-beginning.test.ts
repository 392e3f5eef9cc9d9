/** A story that begins anew: its messages show one writer's text, and say what happened. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { markupOf, readPart } from '../../../src/bots/discord/message-format.ts';
import { layOut } from '../../../src/bots/discord/messages.ts';
import { BEGUN_ANEW } from '../../../src/story/wording.ts';
import { finished, labelsOf, openDiscord, smallPrintOf, textOf } from '../../harness/discord.ts';
import {
  HALF,
  startHalfWriter,
  startOtherWriter,
  TWICE,
  textOfSuccessor,
} from '../../harness/half-writer.ts';
import { until } from '../../helpers/programs.ts';

const { prompt: PROMPT, length: LENGTH } = TWICE;

describe('a story on Discord that begins anew', { timeout: 240_000 }, () => {
  it('replaces its text, in all its messages, also after a restart of the bots', async () => {
    for (const areBotsRestarted of [false, true]) {
      const harness = await openDiscord({ worker: false, pace: 0, editIntervalMs: 50 });
      try {
        const { ann, discord, connection, stories } = harness;
        const first = await startHalfWriter(connection, stories);
        const channel = discord.world.addChannel();
        const interaction = ann.slash(channel, 'scifi', { prompt: PROMPT, length: LENGTH });
        const messages = await until(() => {
          const all = [...channel.messages.values()];
          return textOf(all) === PROMPT + HALF ? all : undefined;
        }, 'the first writer');
        assert.equal(messages.length, 2);
        await first.close();
        if (areBotsRestarted) await harness.restart();
        const second = await startOtherWriter(connection, stories);
        const [message, ...more] = await finished(interaction);
        const expected = await textOfSuccessor();
        assert.equal(textOf([message!]), expected);
        assert.equal(more.length, 0);
        assert.match(
          smallPrintOf(message!),
          new RegExp(`^${BEGUN_ANEW} · Science fiction fake-1 \\(integer-1\\) · `),
        );
        await until(() => smallPrintOf(messages[1]!) === 'The story ends above', 'the second message');
        assert.equal(readPart(messages[1]!.content).text, '');
        assert.deepEqual(labelsOf(messages[1]!), []);
        for (const { content } of message!.history) {
          const { text } = readPart(content);
          assert.ok(expected.startsWith(text) || (PROMPT + HALF).startsWith(text), `one writer: ${text}`);
        }
        await second.close();
      } finally {
        await harness.close();
      }
    }
  });

  it('says so while it grows', () => {
    const facts = { id: 'r', userId: '1', request: TWICE, source: undefined, models: [], most: 5 } as const;
    const text = `${PROMPT} and grew`;
    for (const format of ['content', 'container'] as const) {
      const shown = (beginning: number) =>
        markupOf(layOut({ status: 'writing', text, beginning }, { ...facts, format }, '').body(0, []));
      assert.equal(shown(1), `${text}\n-# ${BEGUN_ANEW}`);
      assert.equal(shown(0), text);
    }
  });
});
