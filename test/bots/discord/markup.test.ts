import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { partsOfWire, readMarkup, textOfMessage } from '../../../src/bots/discord/markup.ts';

const names = {
  user: (id: string) => (id === '1' ? 'Ann' : undefined),
  role: (id: string) => (id === '2' ? 'pilots' : undefined),
  channel: (id: string) => (id === '3' ? 'bridge' : undefined),
};

describe('the text of a message on Discord', () => {
  it('replaces mentions by names, and omits the ids of emoji, times and commands', () => {
    const cases = [
      ['<@1> and <@!1> of <@&2> met in <#3>', 'Ann and Ann of pilots met in bridge'],
      ['The <:rocket:123456> rose <a:fire:98765>', 'The rose'],
      ['At <t:1700000000:R> they typed </scifi:42> in <id:guide>', 'At they typed /scifi in'],
      ['<@9> is unknown', 'is unknown'],
      ['1 < 2 and <b> and <https://example.org>', '1 < 2 and <b> and <https://example.org>'],
      ['  Spaces  stay ', '  Spaces  stay '],
    ];
    for (const [content = '', text] of cases) assert.equal(readMarkup(content, names), text);
  });

  it('includes forwarded text, components and embeds', () => {
    const display = { type: 10, content: '# The hull' };
    const section = {
      type: 9,
      components: [{ type: 10, content: 'creaked' }],
      accessory: { type: 2, label: 'no' },
    };
    const container = { type: 17, components: [display, { type: 14 }, section] };
    const embed = { title: 'Log', description: 'Day 1', fields: [{ name: 'Crew', value: 'three' }] };
    const cases = [
      [{ content: 'Own words', embeds: [embed] }, 'Own words'],
      [{ content: '', message_snapshots: [{ message: { content: 'Passed on <:x:1>' } }] }, 'Passed on'],
      [{ content: '', message_snapshots: [{ message: { embeds: [embed] } }] }, 'Log\nDay 1\nCrew\nthree'],
      [{ content: '', components: [container] }, '# The hull\ncreaked'],
      [{ content: '', embeds: [embed] }, 'Log\nDay 1\nCrew\nthree'],
      // The link has no prose; the preview that Discord shows for it has.
      [{ content: 'https://example.org/1', embeds: [embed] }, 'Log\nDay 1\nCrew\nthree'],
      [{ content: '🚀 <:x:1>', embeds: [] }, ''],
      [{ content: '' }, ''],
    ] as const;
    for (const [message, text] of cases) assert.equal(textOfMessage(partsOfWire(message as never)), text);
  });
});
