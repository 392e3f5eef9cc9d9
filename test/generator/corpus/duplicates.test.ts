import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Duplicates } from '../../../src/generator/corpus/duplicates.ts';
import { uniformAt } from '../../../src/generator/sampling.ts';

/** Words that no other seed has in this order. */
function words(seed: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `word${Math.floor(uniformAt(seed, i, 0) * 5_000)}`);
}

describe('works that are there twice', () => {
  it('are found by what they have in common, and not by a part of it', () => {
    const original = words(1, 4_000);
    const withShare = (share: number, seed: number) =>
      [...original.slice(0, share * 4_000), ...words(seed, (1 - share) * 4_000)].join(' ');
    for (const [share, isSame] of [
      [1, true],
      [0.9, true],
      // A third of all shingles are in both of two works that share half of theirs.
      [0.5, false],
      [0.2, false],
      [0, false],
    ] as const) {
      const duplicates = new Duplicates();
      duplicates.add('original', original.join(' '));
      assert.equal(duplicates.add('other', withShare(share, 2)), isSame ? 'original' : undefined, `${share}`);
    }
  });

  it('are found among thousands, whatever is written in capitals or between the words', () => {
    const duplicates = new Duplicates();
    const text = (seed: number) => words(seed, 200).join(' ');
    for (let seed = 0; seed < 3_000; seed++) assert.equal(duplicates.add(`${seed}`, text(seed)), undefined);
    for (let seed = 0; seed < 3_000; seed += 97)
      assert.equal(duplicates.add('again', text(seed).toUpperCase().replaceAll(' ', ',\n')), `${seed}`);
  });

  it('are not made of texts without words', () => {
    const duplicates = new Duplicates();
    assert.equal(duplicates.add('nothing', ''), undefined);
    assert.equal(
      duplicates.add('a word', 'word'),
      'nothing',
      'two texts without a shingle have all in common',
    );
    assert.equal(duplicates.add('a sentence', 'one two three four five six seven'), undefined);
  });
});
