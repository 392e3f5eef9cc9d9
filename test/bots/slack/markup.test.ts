/** The words of a message on Slack. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readMarkup } from '../../../src/bots/slack/markup.ts';
import { hasWords } from '../../../src/bots/submit.ts';
import { slackEscaping } from '../../../src/bots/text.ts';

describe('Slack’s markup', () => {
  it('is converted to words: mentions, emoji and links are removed, labels stay', () => {
    const cases: [string, string][] = [
      ['a &lt;b&gt; &amp;amp; c', 'a <b> &amp; c'],
      ['<@U1> go <https://a.example|on> <#C1|general> <!channel>', ' go on #general'],
      ['1 &lt; 2 and <b', '1 < 2 and <b'],
      ['a <b and c> d', 'a <b and c> d'],
      ['See <https://a.example/?a=1&amp;b=2> now', 'See now'],
      ['See <http://a.example|a.example> now', 'See now'],
      ['Ask <mailto:a@b.example|a@b.example> now', 'Ask now'],
      ['See https://a.example/x?y=1 and www.b.example now', 'See and now'],
      ['(https://a.example/?a=1&amp;b=2&gt; here', '(> here'],
      ['Launch :rocket: :astronaut::skin-tone-3: now', 'Launch now'],
      [':rocket:', ''],
      ['It is 10:30:45, ratio a:b:c, ten :100: of :+1:', 'It is 10:30:45, ratio a:b:c, ten of'],
      ['Captain: we go: now', 'Captain: we go: now'],
      ['&lt;@U1&gt; was typed', '<@U1> was typed'],
    ];
    for (const [markup, words] of cases) assert.equal(readMarkup(markup), words, markup);
  });

  it('leaves a text without colon, address and bracket unchanged', () => {
    const text = fc.string({ unit: fc.constantFrom(...'abc XYZ 019 ,.!?-&\'"\n') });
    fc.assert(fc.property(text, (plain) => assert.equal(readMarkup(slackEscaping.escape(plain)), plain)));
  });
});

describe('hasWords', () => {
  it('distinguishes emoji from words', () => {
    for (const text of ['', ' \n', '🚀', '👩🏽‍🚀 🇦🇹 1️⃣ ❤️']) assert.ok(!hasWords(text), text);
    for (const text of ['1', '🚀 up', 'नमस्ते', '#5']) assert.ok(hasWords(text), text);
  });
});
