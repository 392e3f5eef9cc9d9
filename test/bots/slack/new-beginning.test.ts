/** A story that begins anew: its message shows one writer's text, and says what happened. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { layOut } from '../../../src/bots/slack/reply/messages.ts';
import { BEGUN_ANEW } from '../../../src/story/wording.ts';
import {
  HALF,
  startHalfWriter,
  startOtherWriter,
  TWICE,
  textOfSuccessor,
} from '../../harness/half-writer.ts';
import { botsMessages, isOver, openSlack, smallPrintOf, textOf } from '../../harness/slack.ts';
import { until } from '../../helpers/programs.ts';

const { prompt: PROMPT, length: LENGTH } = TWICE;

describe('a story on Slack that begins anew', { timeout: 240_000 }, () => {
  for (const reply of ['edit', 'stream'] as const) {
    for (const areBotsRestarted of [false, true]) {
      const after = areBotsRestarted ? ', after a restart of the bots' : '';
      it(`replaces its text where it grows by ${reply}${after}`, async () => {
        const settings = () => (reply === 'stream' ? { reply } : {});
        const harness = await openSlack({ worker: false, pace: 0, allowance: 10, settings });
        try {
          const { ann, connection, stories } = harness;
          const first = await startHalfWriter(connection, stories);
          const channel = harness.channelOf();
          ann.slash(channel, '/scifi', `${PROMPT} length=${LENGTH}`);
          const message = await until(() => {
            const [root] = botsMessages(channel);
            const shown = reply === 'stream' && root ? botsMessages(channel, root.ts)[0] : root;
            const isGrown =
              reply === 'stream' ? shown?.text.includes('first writer') : shown && textOf(shown);
            return isGrown ? shown : undefined;
          }, 'the first writer');
          await first.close();
          if (areBotsRestarted) await harness.restart();
          const second = await startOtherWriter(connection, stories);
          await until(() => isOver(message), 'the end');
          const expected = await textOfSuccessor();
          assert.equal(textOf(message), expected);
          assert.match(
            smallPrintOf(message),
            new RegExp(`^${BEGUN_ANEW} · Science fiction fake-1 \\(integer-1\\) · `),
          );
          assert.equal(message.streamingSince, undefined);
          for (const { text } of message.history) {
            const isMixed =
              text.includes(HALF.slice(0, 20)) && !(PROMPT + HALF).startsWith(text.slice(0, 60));
            assert.ok(!isMixed || reply === 'stream', `one writer: ${text}`);
          }
          await second.close();
        } finally {
          await harness.close();
        }
      });
    }
  }

  it('says so while it grows', () => {
    const facts = { id: 'r', userId: 'u', request: TWICE, source: undefined, models: [] };
    const text = `${PROMPT} and grew`;
    const { blocks } = layOut({ status: 'writing', text, beginning: 1 }, facts, '');
    assert.deepEqual(
      blocks.map(({ type }) => type),
      ['section', 'context', 'actions'],
    );
    assert.ok(JSON.stringify(blocks[1]).includes(BEGUN_ANEW));
    assert.equal(layOut({ status: 'writing', text }, facts, '').blocks.length, 2);
  });
});
