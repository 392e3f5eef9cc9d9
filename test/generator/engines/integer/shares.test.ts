import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Shares } from '../../../../src/generator/engines/integer/shares.ts';

const TOGETHER = { threads: 4, rowsEach: 0 };

describe('the threads of the integer engine', () => {
  test('share the units of a few rows, and the rows of a crowd', () => {
    const shares = new Shares(4);
    for (const rows of [1, 8]) assert.deepEqual(shares.next(rows), TOGETHER);
    assert.deepEqual(shares.next(9), { threads: 3, rowsEach: 3 });
    assert.deepEqual(shares.next(64), { threads: 4, rowsEach: 16 });
    // Three tiles of rows at most, in as many parts for each thread.
    assert.deepEqual(shares.next(100), { threads: 4, rowsEach: 13 });
    assert.deepEqual(shares.next(1_000), { threads: 4, rowsEach: 18 });
  });

  test('take rows as soon as each has four', () => {
    const shares = new Shares(2);
    assert.equal(shares.rowsForAll, 8);
    assert.deepEqual(shares.next(7), { threads: 2, rowsEach: 0 });
    assert.deepEqual(shares.next(8), { threads: 2, rowsEach: 4 });
  });

  test('are no more than eight where they wait for each other', () => {
    assert.deepEqual(new Shares(32).next(1), { threads: 8, rowsEach: 0 });
    assert.deepEqual(new Shares(32).next(320), { threads: 32, rowsEach: 10 });
  });

  test('are one where there is one', () => {
    assert.deepEqual(new Shares(1).next(3), { threads: 1, rowsEach: 3 });
    assert.deepEqual(new Shares(1).next(300), { threads: 1, rowsEach: 18 });
  });

  test('leave few rows to one of them after a processor was lost, longer each time', () => {
    const shares = new Shares(4);
    const decodesAlone = () => {
      let count = 0;
      while (shares.next(2).threads === 1) count += 1;
      return count;
    };
    for (const expected of [2, 4, 8, 16, 32, 64, 128, 128]) {
      shares.learn(true);
      assert.deepEqual(shares.next(2), { threads: 1, rowsEach: 2 });
      assert.equal(decodesAlone() + 1, expected);
    }
    shares.learn(false);
    assert.equal(decodesAlone(), 0);
    shares.learn(true);
    assert.equal(decodesAlone(), 2);
  });
});
