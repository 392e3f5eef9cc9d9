import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { findWords, mask, PostedText } from '../../../src/story/filter/find.ts';

const PIECES = [
  'fuck',
  'FUCKING',
  'sh!t',
  'bitches',
  'fu',
  'ck',
  's',
  'hit',
  'f u c k',
  'son-of-a-bitch',
  'the',
  'ship',
  '*',
];
const JOINTS = [' ', '\n', '-', '--', '. ', '! "', '', "'", ' \u200b'];
/** Vulgar texts, with words in pieces. */
const vulgarText = fc
  .array(fc.oneof(fc.constantFrom(...PIECES, ...JOINTS), fc.string({ unit: 'binary', maxLength: 4 })), {
    maxLength: 30,
  })
  .map((pieces) => pieces.join(''));

function isClean(text: string): boolean {
  return findWords(text).every(({ kind }) => kind !== 'vulgar');
}

describe('vulgar words', () => {
  it('are posted as their first letter and asterisks; slurs are not handled by this module', () => {
    assert.equal(
      mask('"Sh!t," he said. "Fucking unbe-fucking-lievable; a chink of light, damn it."'),
      '"S***," he said. "F****** unbe-f******-lievable; a chink of light, damn it."',
    );
    assert.equal(mask('f u c k you'), 'f u c * you');
    assert.equal(mask('𝒇uck'), `𝒇${'*'.repeat(3)}`);
  });

  it('are masked once, in place, and the rest is unchanged', () => {
    const property = fc.property(vulgarText, (text) => {
      const masked = mask(text);
      assert.equal(masked.length, text.length);
      for (let index = 0; index < text.length; index++) {
        assert.ok(masked[index] === text[index] || masked[index] === '*');
      }
      assert.ok(isClean(masked), masked);
      assert.equal(mask(masked), masked);
      if (isClean(text)) assert.equal(masked, text);
    });
    fc.assert(property, { numRuns: 500 });
  });
});

describe('PostedText', () => {
  it('grows: the text posted up to the end of a word is a prefix of the whole', () => {
    const property = fc.property(vulgarText, fc.array(fc.nat(), { maxLength: 8 }), (text, cuts) => {
      const ends = [...text.matchAll(/(?<=\S)(?=\s)/g)].map(({ index }) => index);
      const some = cuts.map((cut) => ends[cut % Math.max(1, ends.length)] ?? 0).sort((a, b) => a - b);
      const posted = new PostedText();
      let shown = '';
      for (const end of [...some, text.length]) {
        const next = posted.of(text.slice(0, end));
        assert.ok(next.startsWith(shown));
        assert.equal(next.length, end);
        shown = next;
      }
      assert.equal(shown, mask(text));
    });
    fc.assert(property, { numRuns: 400 });
  });

  it('keeps the prompt as it was posted, for any continuation of its last word', () => {
    assert.equal(new PostedText('The shi').of('The shit fell'), 'The shi* fell');
    assert.equal(new PostedText('The shit').of('The shitake'), 'The s***ake');
    const property = fc.property(vulgarText, vulgarText, (prompt, more) => {
      const text = new PostedText(prompt).of(prompt + more);
      assert.ok(text.startsWith(mask(prompt)));
      assert.equal(text.length, prompt.length + more.length);
      assert.ok(isClean(text) || !isClean(prompt + more));
    });
    fc.assert(property, { numRuns: 400 });
  });

  it('starts again with a text that does not continue the last one', () => {
    const posted = new PostedText('It ');
    assert.equal(posted.of('It was shit and'), 'It was s*** and');
    assert.equal(posted.of('It was bitching'), 'It was b*******');
    assert.equal(posted.of('I'), 'I');
  });
});
