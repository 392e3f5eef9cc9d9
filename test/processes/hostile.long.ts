import assert from 'node:assert/strict';
import { it } from 'node:test';
import { endure } from './hostile.ts';

it('10,000 hostile prompts and 50 bodies of up to 10 MB are written, or refused in a sentence', async (t) => {
  const { written, refused, residentMib } = await endure(10_000, 50, 2);
  assert.equal(written + refused, 10_050);
  t.diagnostic(`${written} written, ${refused} refused; ${residentMib} MiB resident in the end`);
});
