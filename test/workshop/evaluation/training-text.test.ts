import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { SHORTEST_COPY, TrainingText } from '../../../src/workshop/evaluation/training-text.ts';

const TEXT = '\u0003The old ship rose slowly over the red hills of Mars, and nobody on the ground saw it go.';

describe('TrainingText', () => {
  test('contains its runs of three words in any case, but none across punctuation', () => {
    const training = new TrainingText(TEXT);
    assert.deepEqual(training.seenRuns('the OLD ship rose'), { seen: 2, all: 2 });
    assert.deepEqual(training.seenRuns('the old ship sank'), { seen: 1, all: 2 });
    assert.deepEqual(training.seenRuns('hills of Mars, and nobody'), { seen: 1, all: 1 });
    assert.deepEqual(training.seenRuns('the old'), { seen: 0, all: 0 });
    assert.deepEqual(training.seenRuns('zorg zorg zorg'), { seen: 0, all: 1 });
  });

  test('finds the same longest copy as a brute-force comparison', () => {
    const letters = fc.array(fc.constantFrom('a', 'b'), { maxLength: 160 }).map((all) => all.join(''));
    fc.assert(
      fc.property(letters, letters, letters, (before, copied, after) => {
        const train = before + copied + after;
        const story = after + copied + before;
        let expected = 0;
        for (let start = 0; start < story.length; start++) {
          while (
            start + expected < story.length &&
            train.includes(story.slice(start, start + expected + 1))
          ) {
            expected++;
          }
        }
        assert.equal(new TrainingText(train).longestCopy(story), expected >= SHORTEST_COPY ? expected : 0);
      }),
      { numRuns: 200 },
    );
  });
});
