import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { requestAgain } from '../../src/story/story.ts';

const last = { prompt: 'Once', context: 'Before. ', temperature: 1.9, length: 500, seed: 3, model: 'scifi' };

describe('the requests of the buttons', () => {
  it('Continue: the text that follows the story, its own context included', () => {
    const next = requestAgain('continue', last, 'Once it was.', 8);
    assert.deepEqual(next, { ...last, prompt: '', context: 'Before. Once it was.', seed: 8 });
    assert.ok(requestAgain('continue', last, 'word '.repeat(900), 8).context.length <= 2_000);
  });

  it('Another: another seed. Warmer and Cooler: the same seed, within the bounds', () => {
    assert.deepEqual(requestAgain('another', last, '', 8), { ...last, seed: 8 });
    assert.deepEqual(requestAgain('warmer', last, '', 8), { ...last, temperature: 2 });
    assert.deepEqual(requestAgain('cooler', last, '', 8), { ...last, temperature: 1.7 });
    assert.equal(requestAgain('cooler', { ...last, temperature: 0.1 }, '', 8).temperature, 0);
  });
});
