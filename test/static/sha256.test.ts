import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { sha256Of } from '../../src/static/sha256.ts';

const WITHOUT_SUBTLE = null as unknown as undefined;

test('without crypto.subtle the digest is that of node:crypto', async () => {
  // Around the ends of one and two blocks, where the padding changes.
  const lengths = [0, 1, 55, 56, 63, 64, 65, 119, 120, 128];
  const anyBytes = fc.oneof(
    fc.constantFrom(...lengths).chain((length) => fc.uint8Array({ minLength: length, maxLength: length })),
    fc.uint8Array({ maxLength: 1_000 }),
  );
  await fc.assert(
    fc.asyncProperty(anyBytes, async (bytes) => {
      const expected = createHash('sha256').update(bytes).digest('hex');
      assert.equal(await sha256Of(bytes as Uint8Array<ArrayBuffer>, WITHOUT_SUBTLE), expected);
      assert.equal(await sha256Of(bytes as Uint8Array<ArrayBuffer>), expected);
    }),
  );
});
