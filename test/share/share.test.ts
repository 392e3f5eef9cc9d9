import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { descriptionOf } from '../../src/share/share.ts';

it('the description of a shared story is short and well formed, whatever the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (text) => {
      const description = descriptionOf(text);
      assert.ok(description.length <= 201);
      if (text.isWellFormed()) assert.ok(description.isWellFormed());
    }),
  );
  assert.equal(descriptionOf('word '.repeat(50)), `${'word '.repeat(39)}word…`);
});
