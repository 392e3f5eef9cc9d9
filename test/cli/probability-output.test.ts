import assert from 'node:assert/strict';
import { test } from 'node:test';
import { colourOf, isColoured, lineOf } from '../../src/cli/probability-output.ts';

test('a character without a probability has none in its line', () => {
  assert.equal(lineOf('T', undefined, []), '{"text":"T"}');
  assert.equal(
    lineOf('\n', 0.123456, [{ text: '"', probability: 0.5 }]),
    '{"text":"\\n","probability":0.12346,"likeliest":[["\\"",0.5]]}',
  );
});

test('only a terminal without NO_COLOR is coloured, and only unlikely characters', () => {
  assert.equal(isColoured({}, true), true);
  assert.equal(isColoured({ NO_COLOR: '' }, true), true);
  assert.equal(isColoured({ NO_COLOR: '1' }, true), false);
  assert.equal(isColoured({}, false), false);
  assert.deepEqual([1, 0.5, 0.4, 0.1, 0.03, 0.001].map(colourOf), [undefined, undefined, 230, 222, 214, 208]);
});
