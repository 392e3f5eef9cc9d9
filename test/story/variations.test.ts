import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Preset, STORY_BOUNDS } from '../../src/story/story.ts';
import { type Again, againActions, requestAgain, sentenceContext } from '../../src/story/variations.ts';

const last = { prompt: 'Once', context: 'Before. ', temperature: 1.9, length: 500, seed: 3, model: 'scifi' };

describe('the requests of the buttons', () => {
  it('Continue: the text that follows the story, its own context included', () => {
    const next = requestAgain('continue', last, 'Once it was.', 8);
    assert.deepEqual(next, { ...last, prompt: '', context: 'Before. Once it was.', seed: 8 });
    assert.ok(requestAgain('continue', last, 'word '.repeat(900), 8).context.length <= 2_000);
  });

  it('My line: the text that follows the story and the line, with a space between them where none is', () => {
    const next = requestAgain('line', last, 'Once it was.', 8, 'Then');
    assert.deepEqual(next, { ...last, prompt: 'Then', context: 'Before. Once it was. ', seed: 8 });
    for (const [story, line] of [
      ['Once ', 'then'],
      ['Once', ', then'],
      ['Once', ' then'],
    ] as const) {
      assert.equal(requestAgain('line', last, story, 8, line).context, `Before. ${story}`);
    }
  });

  it('Warmer and Cooler stay within bounds, without rounding errors', () => {
    const moves = [
      [0.4, 'warmer', 0.6],
      [0.1, 'warmer', 0.3],
      [0.1, 'cooler', 0],
      [1.9, 'warmer', 2],
    ] as const;
    for (const [temperature, action, expected] of moves) {
      assert.equal(requestAgain(action, { ...last, temperature }, '', 8).temperature, expected);
    }
  });

  it('Another: another seed. Warmer and Cooler: the same seed, within the bounds', () => {
    assert.deepEqual(requestAgain('another', last, '', 8), { ...last, seed: 8 });
    assert.deepEqual(requestAgain('warmer', last, '', 8), { ...last, temperature: 2 });
    assert.deepEqual(requestAgain('cooler', last, '', 8), { ...last, temperature: 1.7 });
    assert.equal(requestAgain('cooler', { ...last, temperature: 0.1 }, '', 8).temperature, 0);
  });

  it('Warmer and Cooler move between calm, lively and wild with the same seed', () => {
    const moves: [Preset, Again, Preset][] = [
      ['calm', 'warmer', 'lively'],
      ['lively', 'warmer', 'wild'],
      ['wild', 'cooler', 'lively'],
      ['lively', 'cooler', 'calm'],
      // Nothing is beyond the ends.
      ['calm', 'cooler', 'calm'],
      ['wild', 'warmer', 'wild'],
    ];
    for (const [from, action, to] of moves) {
      const request = { ...last, preset: from, temperature: 0.4 };
      assert.deepEqual(requestAgain(action, request, '', 8), { ...request, preset: to }, `${from} ${action}`);
    }
  });

  it('Continue and Another keep the preset', () => {
    const request = { ...last, preset: 'wild' as const };
    assert.equal(requestAgain('continue', request, 'Once it was.', 8).preset, 'wild');
    assert.deepEqual(requestAgain('another', request, '', 8), { ...request, seed: 8 });
  });

  it('offers no Continue under an empty text, and no Warmer or Cooler beyond an end', () => {
    const all = ['continue', 'another', 'warmer', 'cooler'];
    assert.deepEqual(againActions('x', { preset: 'lively', temperature: 0.4 }), all);
    assert.deepEqual(againActions(' ', { preset: 'lively', temperature: 0.4 }), all.slice(1));
    assert.deepEqual(againActions('x', { preset: 'wild', temperature: 0.4 }), [
      'continue',
      'another',
      'cooler',
    ]);
    assert.deepEqual(againActions('x', { preset: 'calm', temperature: 0.4 }), [
      'continue',
      'another',
      'warmer',
    ]);
    for (const preset of ['classic', undefined] as const) {
      assert.deepEqual(againActions('x', { ...(preset && { preset }), temperature: 0.4 }), all);
    }
    assert.deepEqual(againActions('x', { temperature: 2 }), ['continue', 'another', 'cooler']);
    assert.deepEqual(againActions('x', { temperature: 0 }), ['continue', 'another', 'warmer']);
  });

  it('has a new word follow a text whose next sentence is written', () => {
    const contexts = ['', ' ', 'A ship fell.', 'A ship fell.\n\n', 'word '.repeat(1_000)].map(
      sentenceContext,
    );
    assert.deepEqual(contexts.slice(0, 4), ['', '', 'A ship fell. ', 'A ship fell. ']);
    assert.ok(contexts[4]!.length <= STORY_BOUNDS.context.max && contexts[4]!.endsWith(' word '));
  });
});
