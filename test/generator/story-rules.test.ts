import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { GrowingText } from '../../src/generator/growing-text.ts';
import { buildLexicon, Lexicon } from '../../src/generator/lexicon.ts';
import { repeatedLength, StoryRules } from '../../src/generator/story-rules.ts';

const COMMON = ['the', 'ship', 'of', 'light', 'fell', 'and', 'rose', 'a', 'captain', 'said', "don't", 'he'];
const NAMES = ['mars', 'jones'];
const lexicon = new Lexicon(
  buildLexicon(
    new Map([...COMMON.map((word) => [word, true] as const), ...NAMES.map((name) => [name, false] as const)]),
  ),
);

/**
 * The rules' verdict on a text, all of which was written except the prompt, and on the character after it.
 */
function look(text: string, next: string, { prompt = 0, attempts = 0, seed = 1, first = 0 } = {}) {
  const rules = new StoryRules({ lexicon, seed });
  return rules.look(
    { text: new GrowingText(text), written: text.length - prompt, first, attempt: () => attempts },
    next,
  );
}

describe('words', () => {
  test('accepts words of the lexicon, in any case and with a possessive ending', () => {
    for (const text of ['the ship', 'The ship', "the ship's", "I don't", "he said 'light'", 'THE SHIP']) {
      assert.equal(look(text, ' '), undefined, text);
    }
  });

  test('resamples a word that the model never read, from its first letter', () => {
    assert.deepEqual(look('the shap', ' '), { from: 4 });
    assert.deepEqual(look('the shap', ','), { from: 4 });
    assert.deepEqual(look('the ship. Shap', ' '), { from: 10 });
    assert.deepEqual(look('the "shap', '"'), { from: 5 });
    assert.deepEqual(look('the light-shap', ' '), { from: 10 });
  });

  test('does not judge within a word, of an earlier writer, or after too many attempts', () => {
    assert.equal(look('the sha', 'p'), undefined);
    assert.equal(look('the sha', "'"), undefined);
    assert.equal(look('the shap', ' ', { first: 6 }), undefined);
    assert.equal(look('the shap', ' ', { attempts: 5 }), undefined);
    assert.equal(look('the 4th', ' '), undefined);
  });

  test('accepts words of the prompt', () => {
    assert.equal(look('the Zorgs of light and the zorg', ' ', { prompt: 18 })?.from, 9);
    assert.equal(look('the zorg of light and the zorg', ' ', { prompt: 17 }), undefined);
  });

  test('accepts a new name within a sentence, and an earlier one anywhere', () => {
    assert.equal(look('the ship of Zorgon', ' '), undefined);
    assert.equal(look('the ship of Zorgon fell. Zorgon', ' '), undefined);
    assert.deepEqual(look('the ship fell. Zorgon', ' '), { from: 15 });
  });
});

describe('names', () => {
  test('usually replaces a new one by the last one with the same initial', () => {
    const text = 'the ship of Zorgon and of Zarkov';
    const said = Array.from({ length: 1_000 }, (_, seed) => look(text, ' ', { seed }));
    const returned = said.filter((one) => one !== undefined);
    for (const one of returned) assert.deepEqual(one, { from: 26, instead: 'Zorgon' });
    // 0.7 of a thousand, with a tolerance of four standard deviations.
    assert.ok(Math.abs(returned.length - 700) < 58, `${returned.length}`);
  });

  test('keeps one that occurs already, has another initial or is a common word', () => {
    for (const text of ['the Zorgon and the Zorgon', 'the Zorgon and the Jones', 'the Captain of the Ship']) {
      for (let seed = 0; seed < 20; seed++) assert.equal(look(text, ' ', { seed }), undefined, text);
    }
  });
});

describe('loops', () => {
  const sentence = 'the ship fell and the light rose and the captain said';

  test('resamples a word that completes 25 or more repeated characters, the more the likelier', () => {
    const drawnAgain = (repeated: string) =>
      Array.from({ length: 1_000 }, (_, seed) =>
        look(`${sentence}. he rose. ${repeated}`, ' ', { seed }),
      ).filter((one) => one !== undefined).length;
    assert.equal(drawnAgain(sentence.slice(0, 21)), 0);
    const [short, long] = [drawnAgain(sentence.slice(0, 27)), drawnAgain(sentence)];
    // 1 - exp(-0.8 x 1.1^n) with n the characters beyond 25: two of "the ship fell and the light".
    assert.ok(Math.abs(short - 1_000 * (1 - Math.exp(-0.8 * 1.1 ** 2))) < 65, `${short}`);
    assert.ok(long > 990, `${long}`);
  });

  test('measures a repetition by the longest suffix that occurs earlier', () => {
    const letters = fc.array(fc.constantFrom('a', 'b', ' '), { maxLength: 120 }).map((all) => all.join(''));
    fc.assert(
      fc.property(letters, letters, (before, repeated) => {
        const text = `${repeated}${before}${repeated}`;
        let expected = 0;
        for (let length = 25; length < text.length; length++) {
          if (text.lastIndexOf(text.slice(-length), text.length - length - 1) >= 0) expected = length;
        }
        assert.equal(repeatedLength(text), expected);
      }),
    );
  });
});

describe('quotation marks', () => {
  test('closes an open one before a paragraph ends', () => {
    assert.deepEqual(look('he said, "the ship fell.', '\n'), { from: 24, instead: '"' });
    assert.equal(look('he said, "the ship fell."', '\n'), undefined);
    assert.equal(look('"the ship\nhe rose.', '\n'), undefined, 'another paragraph');
  });

  test('opens after a space and closes after a word', () => {
    assert.equal(look('he said, ', '"'), undefined);
    assert.equal(look('he said, "the ship fell.', '"'), undefined);
    assert.deepEqual(look('he said, "the ship ', '"'), { from: 19 });
    assert.deepEqual(look('the ship fell.', '"'), { from: 14 });
    assert.equal(look('"the ship--', '"'), undefined, 'both may stand behind a dash');
    assert.equal(look('the ship fell.', '"', { attempts: 5 }), undefined);
  });
});
