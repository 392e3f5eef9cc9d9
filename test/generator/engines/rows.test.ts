import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Row } from '../../../src/generator/engines/engine.ts';
import { checkRows, decodeOnHost } from '../../../src/generator/engines/rows.ts';

const SIZE = 5;
/** No id is a letter. */
const OUTSIDE = new Uint8Array(SIZE);

/** A network that predicts id + 1 after each id, and records the ids that it was fed. */
function counting(): { fed: [number[], number[]][]; logitsOf: Parameters<typeof decodeOnHost>[0] } {
  const fed: [number[], number[]][] = [];
  const logitsOf = async (slots: readonly number[], ids: ArrayLike<number>) => {
    fed.push([[...slots], Array.from(ids)]);
    const logits = new Float32Array(slots.length * SIZE);
    Array.from(ids).forEach((id, row) => {
      logits[row * SIZE + ((id + 1) % SIZE)] = 50;
    });
    return logits;
  };
  return { fed, logitsOf };
}

function rowWith(slot: number, feed: number[], steps: number): Row {
  return { slot, feed, temperature: 1, uniforms: Array<number>(steps).fill(0.5) };
}

describe('decodeOnHost', () => {
  test('feeds the given ids, then feeds back the drawn ones', async () => {
    const { fed, logitsOf } = counting();
    const drawn = await decodeOnHost(logitsOf, OUTSIDE, [rowWith(3, [2], 4), rowWith(1, [0, 0, 3], 4)], 4);
    assert.deepEqual([...drawn.subarray(0, 4)], [3, 4, 0, 1]);
    // The first two values of the second row are undefined.
    assert.deepEqual([...drawn.subarray(6)], [4, 0]);
    assert.deepEqual(fed, [
      [
        [3, 1],
        [2, 0],
      ],
      [
        [3, 1],
        [3, 0],
      ],
      [
        [3, 1],
        [4, 3],
      ],
      [
        [3, 1],
        [0, 4],
      ],
    ]);
  });

  test('draws each step with its own uniform at the row’s temperature', async () => {
    const flat = async (slots: readonly number[]) => new Float32Array(slots.length * SIZE);
    const batch: Row[] = [
      { slot: 0, feed: [0], temperature: 1, uniforms: [0, 0.5, 0.99] },
      { slot: 1, feed: [0], temperature: 0, uniforms: [0, 0.5, 0.99] },
    ];
    assert.deepEqual([...(await decodeOnHost(flat, OUTSIDE, batch, 3))], [0, 2, 4, 0, 0, 0]);
  });
});

describe('checkRows', () => {
  test('accepts a multi-step decode', () => {
    const engine = { capacity: 4, vocabularySize: SIZE, stepsPerDecode: 8 };
    checkRows(engine, [rowWith(0, [1, 2, 3], 8), rowWith(3, [4], 8)], 8);
    assert.throws(() => checkRows(engine, [rowWith(0, [1, 2, 3], 2)], 2), /1 to 2 ids, got 3/);
    assert.throws(() => checkRows(engine, [rowWith(0, [1], 2)], 3), /`uniforms` of slot 0 to hold 3, got 2/);
  });
});
