import assert from 'node:assert/strict';
import { it } from 'node:test';
import { endure } from './hostile.ts';

it('150 hostile prompts and 4 large bodies are written, or refused in words', async () => {
  const { written, refused } = await endure(150, 4, 1);
  assert.equal(written + refused, 304);
  assert.ok(written > 100 && refused > 10, `${written} written, ${refused} refused`);
});
