import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { storyTitle, TITLE_MAX, UNTITLED } from '../../src/story/title.ts';

const TITLES: readonly (readonly [string, string])[] = [
  ['It all began with a signal. Nobody heard it.', 'It all began with a signal'],
  ['On the day when the stars went out, the captain laughed.', 'On the day when the stars went out'],
  ['“Who is there?” asked the robot.', 'Who is there?'],
  ['No, said the professor, and he closed the door.', 'No, said the professor'],
  ['the robots had a union now', 'The robots had a union now'],
  [
    'The professor switched on the machine and the machine switched on the professor in turn',
    'The professor switched on the machine and the machine…',
  ],
  ['Hello', 'Hello'],
  ['  \n\n * * * \nIt rained.\nFor years.', 'It rained. For years'],
  ['x'.repeat(100), `X${'x'.repeat(58)}…`],
  ['', UNTITLED],
  ['?!', UNTITLED],
  ['One line\nand another line', 'One line and another line'],
  ['\u202eevil\u0007 <b>bold</b> words', 'Evil <b>bold</b> words'],
];

test('a title is the first clause that fits, or the opening words', () => {
  for (const [text, title] of TITLES) assert.equal(storyTitle(text), title, text);
});

test('a title is one line within its bound, for any text', () => {
  const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ maxLength: 300 }), fc.lorem());
  fc.assert(
    fc.property(texts, (text) => {
      const title = storyTitle(text);
      assert.ok(title.length > 0 && title.length <= TITLE_MAX, title);
      assert.doesNotMatch(title, /[\p{Cc}\u202a-\u202e\u2066-\u2069]|^\s|\s$/u);
      assert.ok(title.isWellFormed());
      assert.equal(storyTitle(text), title);
    }),
    { numRuns: 2_000 },
  );
});
