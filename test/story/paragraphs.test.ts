import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { neutralise, paragraphsOf } from '../../src/story/paragraphs.ts';

test('characters that could disturb the page are removed', () => {
  assert.equal(neutralise('a\u202eb\u2066c\u0000d\u001be'), 'abcde');
  assert.equal(neutralise(`e${'\u0301'.repeat(500)}f`), `e${'\u0301'.repeat(4)}f`);
  assert.equal(neutralise('a\r\nb\rc\u2028d\te'), 'a\nb\nc\nd\te');
});

test('ordinary text of any script is unchanged', () => {
  for (const text of [
    'Über naïve café',
    'שָׁלוֹם עולם',
    'नमस्ते दुनिया',
    'Tiếng Việt',
    '👩‍🚀 🏳️‍🌈',
    '<b>&amp;</b> @everyone',
  ]) {
    assert.equal(neutralise(text), text);
  }
});

test('lines become paragraphs, and empty lines only separate', () => {
  const paragraphs = paragraphsOf([
    { kind: 'prompt', text: 'It\n\nall ' },
    { kind: 'written', text: 'began.\n \n\nThe end.\n' },
  ]);
  assert.deepEqual(paragraphs, [
    [{ kind: 'prompt', text: 'It' }],
    [
      { kind: 'prompt', text: 'all ' },
      { kind: 'written', text: 'began.' },
    ],
    [{ kind: 'written', text: 'The end.' }],
  ]);
});

test('no text has more combining marks in a row than the limit, or an override', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', '\u0301', '\u0489', '\u202e', '\u2069', '\n') }),
      (text) => {
        assert.doesNotMatch(neutralise(text), /\p{M}{5}|[\u202a-\u202e\u2066-\u2069]/u);
      },
    ),
  );
});
