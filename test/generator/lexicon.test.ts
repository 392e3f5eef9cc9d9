import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { buildLexicon, Lexicon } from '../../src/generator/lexicon.ts';

const letters = fc.constantFrom(..."abcdez'");
const word = fc.array(letters, { minLength: 1, maxLength: 6 }).map((all) => all.join(''));

describe('a lexicon', () => {
  test('has exactly the words that it was built from', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(word, fc.boolean())), fc.array(word), (known, others) => {
        const words = new Map(known);
        const lexicon = new Lexicon(buildLexicon(words));
        for (const one of [...words.keys(), ...others]) {
          assert.equal(lexicon.has(one), words.has(one), one);
          assert.equal(lexicon.has(one.toUpperCase()), words.has(one), one);
          assert.equal(lexicon.isCommon(one), words.get(one) === true, one);
        }
        assert.deepEqual(new Map(lexicon.words()), words);
      }),
    );
  });

  test('has no prefix of a word, no longer word, and no word with another character', () => {
    const lexicon = new Lexicon(buildLexicon(new Map([['rocket', true]])));
    for (const one of ['', 'rocke', 'rockets', 'r', 'rock3t', 'rocket ', 'röcket']) {
      assert.equal(lexicon.has(one), false, one);
    }
    assert.equal(lexicon.has('Rocket'), true);
  });

  test('shares common suffixes', () => {
    const stems = ['walk', 'talk', 'jump', 'look'];
    const words = new Map(stems.flatMap((stem) => ['', 's', 'ed', 'ing'].map((end) => [stem + end, true])));
    // Four stems of four letters and one common suffix; `walk` and `talk` share three of their letters.
    assert.ok(buildLexicon(words as Map<string, boolean>).length < 4 * 25);
  });

  test('refuses invalid bytes, and never reads outside of them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (noise, isMarked) => {
        const bytes = isMarked ? Uint8Array.from([0x4c, 0x45, 0x58, 0x31, ...noise]) : noise;
        try {
          new Lexicon(bytes).has('abcdefghijk');
        } catch (error) {
          assert.match((error as Error).message, /^The model file lexicon\.bin cannot be used/);
        }
      }),
    );
  });

  test('refuses edges that lead in a circle, and no others', () => {
    const [last, word] = [1 << 5, 1 << 6];
    const lexicon = (...edges: number[]) =>
      new Lexicon(
        Uint8Array.from([0x4c, 0x45, 0x58, 0x31, ...new Uint8Array(Uint32Array.from(edges).buffer)]),
      );
    const to = (target: number, flags: number, code: number) => (target << 8) | flags | code;
    const circle = { name: 'StoryError', message: /lexicon\.bin cannot be used.*edges lead in a circle/ };
    // A state that leads to itself, two that lead to each other, and the later edge of an earlier state.
    assert.throws(() => lexicon(to(1, last, 1), to(1, last | word, 2)), circle);
    assert.throws(() => lexicon(to(1, last, 1), to(2, last, 2), to(1, last | word, 3)), circle);
    assert.throws(() => lexicon(to(1, last, 1), to(0, word, 2), to(2, last | word, 3)), circle);
    // Two ways to a state, which stands before the second one.
    const both = lexicon(to(2, 0, 1), to(3, last, 2), to(0, last | word, 1), to(2, last, 3));
    assert.deepEqual(
      [...both.words()].map(([one]) => one),
      ['aa', 'bca'],
    );
  });

  test('refuses words with other characters', () => {
    for (const one of ['Mars', 'x-ray', 'é']) {
      assert.throws(() => buildLexicon(new Map([[one, true]])), RangeError);
    }
  });
});
