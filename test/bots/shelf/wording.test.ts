import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestText, PAGE, shelfPage } from '../../../src/bots/shelf/wording.ts';
import { highlightsOf, type Work } from '../../../src/story/shelf.ts';

/** A work whose texts are all of characters that need an escape. */
function work(id: string): Work {
  const text = '*_~`|# '.repeat(60);
  return {
    id,
    kind: 'vote',
    channelId: 'c',
    hostId: 'ann',
    address: null,
    messages: ['m'],
    request: { model: 'scifi', temperature: 0.4, seed: 7 },
    segments: [{ kind: 'written', text }],
    forks: [
      { choices: [text, text, text], counts: [9, 8, 7], winner: 0 },
      { choices: [text, text, text], counts: [9, 0, 0], winner: 0 },
    ],
    titles: ['*'.repeat(60)],
    finishedAt: Date.UTC(2026, 10, 27),
    credits: {},
    reactions: { count: 12_345, at: 0 },
  };
}

const LINK = `https://discord.com/channels/${'9'.repeat(19)}/${'9'.repeat(19)}/${'9'.repeat(19)}`;

describe('sentences about the shelf', () => {
  it('fit into a message of Discord, however many characters are escaped', () => {
    const works = Array.from({ length: PAGE }, (_, index) => ({ work: work(`w${index}`), link: LINK }));
    const page = shelfPage(works, 2, 100, 'discord');
    assert.ok(page.length <= 2_000, `${page.length}`);
    assert.match(page, /\n8\. \[/);
    assert.match(page, /`\/scifi-shelf page:3` shows more/);
    const best = highlightsOf(works.map((one) => one.work))!;
    const links = new Map(works.map((one) => [one.work.id, LINK]));
    const digest = digestText(best, PAGE, links, 'discord');
    assert.ok(digest.length <= 2_000, `${digest.length}`);
  });

  it('say what there is, in the markup of the platform', () => {
    const one: Work = {
      ...work('a'),
      titles: ['A <b> & c'],
      segments: [{ kind: 'written', text: 'It began.' }],
      forks: [{ choices: ['Left.', 'Right.'], counts: [1, 2], winner: 1 }],
    };
    const text = digestText(highlightsOf([one])!, 1, new Map([['a', 'https://x.example/p1']]), 'slack');
    assert.equal(
      text,
      [
        '*This channel wrote 1 story last week*',
        '*The best opening*, of <https://x.example/p1|A &lt;b&gt; &amp; c>\n“It began.”',
        '*The best line*, of <https://x.example/p1|A &lt;b&gt; &amp; c>, with 2 votes\n“Right.”',
        '*The most voted fork*, of <https://x.example/p1|A &lt;b&gt; &amp; c>, with 3 votes\n' +
          '1. “Left.” · 1 vote\n2. “Right.” · 2 votes · it won',
        '_/scifi-shelf lists all stories of this channel._',
      ].join('\n\n'),
    );
    const relay: Work = { ...one, kind: 'relay', forks: [], liked: { text: 'Up, *up*.', reactions: 1 } };
    assert.equal(
      digestText(highlightsOf([relay])!, 1, new Map(), 'discord').split('\n\n')[2],
      '**The best line**, of **A \\<b\\> & c**, with 1 reaction\n“Up, \\*up\\*.”',
    );
  });
});
