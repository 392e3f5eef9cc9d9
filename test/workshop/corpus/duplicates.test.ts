import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { uniformAt } from '../../../src/generator/sampler.ts';
import { Duplicates } from '../../../src/workshop/corpus/duplicates.ts';

/** Words in an order that no other seed gives. */
function words(seed: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `word${Math.floor(uniformAt(seed, i, 0) * 5_000)}`);
}

describe('Duplicates', () => {
  it('finds works by their common shingles, and not by a common part', () => {
    const original = words(1, 4_000);
    const withShare = (share: number, seed: number) =>
      [...original.slice(0, share * 4_000), ...words(seed, (1 - share) * 4_000)].join(' ');
    const found = (share: number) => {
      const duplicates = new Duplicates();
      duplicates.add('original', original.join(' '));
      return Array.from(
        { length: 20 },
        (_, i) => new Set([duplicates.add('other', withShare(share, 2 + i))]),
      );
    };
    for (const share of [1, 0.9])
      for (const names of found(share)) assert.deepEqual([...names], ['original'], `${share}`);
    // Two works that share half of their words have a third of all shingles in common.
    for (const share of [0.5, 0.2, 0])
      for (const names of found(share)) assert.deepEqual([...names], [undefined], `${share}`);
  });

  it('tells short works apart', () => {
    const duplicates = new Duplicates();
    for (let seed = 0; seed < 500; seed++)
      assert.equal(duplicates.add(`${seed}`, words(seed, 40).join(' ')), undefined, `${seed}`);
    assert.equal(duplicates.add('again', `${words(7, 40).join(' ')} end`), '7');
  });

  it('finds duplicates among thousands, for any capitals and any characters between the words', () => {
    const duplicates = new Duplicates();
    const text = (seed: number) => words(seed, 200).join(' ');
    for (let seed = 0; seed < 3_000; seed++) assert.equal(duplicates.add(`${seed}`, text(seed)), undefined);
    for (let seed = 0; seed < 3_000; seed += 97)
      assert.equal(duplicates.add('again', text(seed).toUpperCase().replaceAll(' ', ',\n')), `${seed}`);
  });

  it('does not treat texts without words as duplicates', () => {
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
