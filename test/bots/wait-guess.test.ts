import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aboutDuration, WaitGuess } from '../../src/bots/wait-guess.ts';

describe('the estimated wait', () => {
  it('is missing until the queue has been seen to move, then follows its speed', () => {
    let now = 0;
    const guess = new WaitGuess(() => now);
    assert.equal(guess.look('a', 10), undefined);
    now = 1_000;
    assert.equal(guess.look('a', 8), 4_000);
    // A new waiting story gets the estimate at once, from the waits of others.
    assert.equal(guess.look('b', 20), 10_000);
    now = 2_000;
    assert.ok(guess.look('a', 8)! > 4_000, 'it stands still: the guess grows');
    now = 200_000;
    guess.forget('a');
    assert.equal(guess.look('c', 5), undefined, 'nothing has been learnt for long');
  });

  it('is given in round numbers', () => {
    assert.deepEqual([800, 6_000, 21_000, 58_000, 61_000, 3_600_000].map(aboutDuration), [
      'a few seconds',
      'about 10 seconds',
      'about 25 seconds',
      'about a minute',
      'about 2 minutes',
      'about 60 minutes',
    ]);
  });
});
