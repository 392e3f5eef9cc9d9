import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { openingOf, PromptJudge } from '../../src/bots/prompt-channels.ts';
import { hasWords } from '../../src/bots/submit.ts';

const channel = {
  channelId: 'c',
  prompts: { messages: 'mentions', cooldownSeconds: 30, leastCharacters: 5, threads: false },
} as const;
const message = { channelId: 'c', authorId: 'ann', text: 'long enough', mentionsBot: true };

describe('a prompt channel', () => {
  it('answers one user once in a cooldown, independently of other users', () => {
    let now = 0;
    const judge = new PromptJudge(() => now);
    assert.equal(judge.judge(undefined, message), 'not a prompt');
    assert.equal(judge.judge({ channelId: 'c' }, message), 'not a prompt');
    assert.equal(judge.judge(channel, { ...message, mentionsBot: false }), 'not a prompt');
    assert.equal(judge.judge(channel, { ...message, text: 'tiny' }), 'too short');
    assert.equal(judge.judge(channel, message), 'answer');
    assert.equal(judge.judge(channel, message), 'too soon');
    assert.equal(judge.judge(channel, { ...message, authorId: 'bob' }), 'answer');
    assert.equal(judge.judge(channel, { ...message, channelId: 'd' }), 'answer');
    now = 29_999;
    assert.equal(judge.judge(channel, message), 'too soon');
    now = 30_000;
    assert.equal(judge.judge(channel, message), 'answer');
    assert.equal(judge.judge(channel, message), 'too soon');
  });

  it('accepts a message as a prompt only when it has enough words', () => {
    const judge = new PromptJudge(() => 0);
    const said = (text: string) => judge.judge(channel, { ...message, text });
    const wordless = ['🚀🚀🚀🚀🚀', '👩‍🚀👩‍🚀🇦🇹', 'https://example.org/a/long/way', '.......', 'Hi 🚀🚀🚀🚀'];
    for (const text of wordless) assert.equal(said(text), 'too short', text);
    assert.equal(said('See https://example.org, they said'), 'answer');
    assert.ok(['word', '1984', 'слово', '言葉'].every(hasWords));
    assert.ok(!['', '…', '1️⃣'.slice(1), 'www.example.org'].some(hasWords));
  });

  it('has one opening for every day, the same for all users', () => {
    fc.assert(
      fc.property(fc.nat(99_999_999), fc.string(), (day, id) => {
        const { prompt, seed } = openingOf(day, id);
        assert.deepEqual(openingOf(day, id), { prompt, seed });
        assert.ok(prompt.length > 5 && Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32);
      }),
    );
    const month = Array.from({ length: 30 }, (_, day) => openingOf(20_300_101 + day, '1').prompt);
    assert.ok(new Set(month).size > 5);
  });
});
