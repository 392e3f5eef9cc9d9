import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildLexicon, Lexicon } from '../../../src/generator/lexicon.ts';
import { cutPassages, distance, measure } from '../../../src/workshop/evaluation/measures.ts';
import { TrainingText } from '../../../src/workshop/evaluation/training-text.ts';

const WORDS = 'the captain said go and rose ship fell he saw it again a of to'.split(' ');
const lexicon = new Lexicon(buildLexicon(new Map(WORDS.map((word) => [word, true] as const))));
const of = (text: string, promptLength = 0) => measure([{ text, promptLength }], lexicon, undefined);

describe('measures', () => {
  test('counts lower-case words that the lexicon has, without the prompt', () => {
    assert.equal(of('zorg the ship fell', 4).realWords, 1);
    assert.equal(of('the ship zorged and fell').realWords, 4 / 5);
    assert.equal(of("the ship's captain").realWords, 1);
  });

  test('counts repeated runs of four words, within a story and across all stories', () => {
    const text = 'the ship fell again and the ship fell again';
    assert.equal(of(text).repeatedRuns, 1 - 5 / 6);
    const two = measure(
      [text, text].map((one) => ({ text: one, promptLength: 0 })),
      lexicon,
      undefined,
    );
    assert.deepEqual([two.repeatedRuns, two.distinctRuns], [1 - 5 / 6, 5 / 12]);
  });

  test('detects loops of 40 characters that occur three times', () => {
    const piece = 'the captain saw it again and the ship ro';
    assert.equal(piece.length, 40);
    assert.equal(of(piece + piece).loops, 0);
    assert.equal(of(piece + piece + piece).loops, 1);
  });

  test('measures speech, odd quotation marks, names and endings', () => {
    const text = '"Go," said Jones.\n\n"He saw it\n\n"and rose." It was Jones. The ship of Smith fell';
    const { spoken, oddQuotes, names, namesAgain, wholeEndings } = of(text);
    assert.equal(spoken, ('Go,'.length + 'He saw it'.length + 'and rose.'.length) / text.length);
    assert.equal(oddQuotes, 0, 'a speech goes on in the next paragraph');
    assert.equal(of('"Go.\n\nHe rose.').oddQuotes, 1 / 2);
    assert.deepEqual([names, namesAgain], [2, 1 / 2]);
    assert.equal(wholeEndings, 0);
    assert.equal(of('He rose."').wholeEndings, 1);
  });

  test('uses the training text when it is available', () => {
    const training = new TrainingText(
      `\u0003${'the captain said go and the ship rose and fell again to it '.repeat(2)}`,
    );
    const measures = measure(
      [{ text: 'the captain said go and the ship rose and fell again', promptLength: 0 }],
      lexicon,
      training,
    );
    assert.equal(measures.seenRuns, 1);
    assert.equal(measures.longestCopy, 52);
    assert.equal(measures.copies, 1);
    assert.equal(of('the ship').longestCopy, null);
  });

  test('cuts human text as stories are cut: from a paragraph to the end of a sentence', () => {
    const paragraph = 'The ship rose. The captain said it fell again, and he saw it.';
    const text = `\u0003Title\n\n${Array(40).fill(paragraph).join('\n\n')}`;
    const passages = cutPassages(text, 10, 200);
    assert.equal(passages.length, 10);
    assert.equal(cutPassages(text, 10, 400).length, 9, 'of the last one too little is left');
    for (const passage of passages) {
      assert.match(passage.text, /^The ship rose\. /);
      assert.match(passage.text, /\.$/);
      assert.ok(passage.text.length <= 200 && passage.text.length >= 100);
    }
    assert.deepEqual(cutPassages('', 10, 200), []);
  });

  test('have distance zero from themselves', () => {
    const one = of('The ship rose. The captain said it fell again.');
    assert.equal(distance(one, one), 0);
    assert.ok(distance(of('zorg zorg zorg zorg zorg zorg'), one) > 0.5);
  });
});
