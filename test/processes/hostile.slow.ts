import assert from 'node:assert/strict';
import { it } from 'node:test';
import { endure } from './hostile.ts';

it('80 hostile prompts and 4 large bodies are written, or refused in a sentence', async () => {
  const { written, refused } = await endure(80, 4, 1);
  assert.equal(written + refused, 84);
  assert.ok(written > 50 && refused > 5, `${written} written, ${refused} refused`);
});
