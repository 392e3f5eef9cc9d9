import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ENTRY_BYTES,
  fromBase64,
  NO_CANDIDATE,
  ProbabilityReader,
  shareOf,
  storedShare,
  toBase64,
} from '../../src/story/probabilities.ts';

test('a probability in a byte is within half a step of its square root, and 0 only for none', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (probability) => {
      const byte = storedShare(probability);
      assert.ok(Number.isInteger(byte) && byte >= 0 && byte <= 255);
      assert.equal(byte === 0, probability === 0);
      const step = 1 / 255;
      assert.ok(Math.abs(Math.sqrt(shareOf(byte)) - Math.sqrt(probability)) <= step);
    }),
  );
  assert.equal(shareOf(storedShare(1)), 1);
});

test('bytes survive base64, also many; a text that is none has no bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      assert.deepEqual(fromBase64(toBase64(bytes)), bytes);
    }),
  );
  const many = Uint8Array.from({ length: 100_000 }, (_, index) => index);
  assert.deepEqual(fromBase64(toBase64(many)), many);
  assert.equal(fromBase64('{').length, 0);
});

test('entries are read by the offset in the text, and unknown ones are none', () => {
  const bytes = new Uint8Array(2 * ENTRY_BYTES).fill(NO_CANDIDATE);
  bytes.set([storedShare(0.25), 1, storedShare(0.64), 0, storedShare(0.25)]);
  bytes[ENTRY_BYTES] = 0;
  const reader = new ProbabilityReader({ alphabet: 'e\u{1f680}', from: 3, entries: toBase64(bytes) });
  assert.ok(Math.abs(reader.probabilityAt(3)! - 0.25) < 0.005);
  assert.deepEqual(
    reader.candidatesAt(3).map(({ text }) => text),
    ['\u{1f680}', 'e'],
  );
  for (const offset of [-1, 0, 2, 4, 5, 99]) {
    assert.equal(reader.probabilityAt(offset), undefined);
    assert.deepEqual(reader.candidatesAt(offset), []);
  }
});
