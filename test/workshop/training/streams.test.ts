import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FRESH_ONCE_IN, Streams } from '../../../src/workshop/training/streams.ts';

const END_OF_TEXT = 0;

describe('streams', () => {
  it('read every stretch from its beginning to its end, each character with its successor as target', () => {
    const ids = Uint16Array.from({ length: 4 * 30 + 1 }, (_, i) => 1 + (i % 250));
    const streams = new Streams(ids, { streams: 4, steps: 5, boundaryId: END_OF_TEXT, seed: undefined });
    assert.equal(streams.chunks, 6);
    const read: number[][] = [[], [], [], []];
    for (let chunk = 0; chunk < streams.chunks; chunk++) {
      const { inputs, targets, fresh } = streams.batch(chunk, 0);
      for (let row = 0; row < 20; row++) {
        read[row % 4]!.push(inputs[row]!);
        const at = (row % 4) * 30 + chunk * 5 + Math.floor(row / 4);
        assert.deepEqual([inputs[row], targets[row]], [ids[at], ids[at + 1]]);
        assert.equal(fresh[row], chunk === 0 && row < 4 ? 1 : 0);
      }
    }
    assert.deepEqual(read.flat(), [...ids.subarray(0, 120)]);
  });

  it('start from a fresh state where a work begins, and at random with the configured frequency', () => {
    const ids = new Uint16Array(2_000_001).fill(1);
    ids[777] = END_OF_TEXT;
    const streams = new Streams(ids, { streams: 8, steps: 100, boundaryId: END_OF_TEXT, seed: 3 });
    const count = (epoch: number) => {
      let all = 0;
      for (let chunk = 1; chunk < streams.chunks; chunk++) {
        all += streams.batch(chunk, epoch).fresh.reduce((sum, one) => sum + one, 0);
      }
      return all;
    };
    assert.equal(streams.batch(7, 0).fresh[77 * 8], 1);
    const expected = 2_000_000 / FRESH_ONCE_IN;
    const first = count(0);
    assert.ok(Math.abs(first - expected) < 5 * Math.sqrt(expected), `${first}, expected ${expected}`);
    assert.deepEqual(streams.batch(3, 0).fresh, streams.batch(3, 0).fresh);
    assert.notEqual(count(1), first);
  });

  it('reject a text that is too short for one chunk', () => {
    const options = { streams: 4, steps: 5, boundaryId: END_OF_TEXT, seed: undefined };
    new Streams(new Uint16Array(21), options);
    assert.throws(
      () => new Streams(new Uint16Array(20), options),
      /Expected a text of 21 characters or more/,
    );
  });
});
