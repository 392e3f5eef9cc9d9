import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Resampling } from '../../src/generator/resampling.ts';

describe('Resampling', () => {
  it('counts attempts at every position that is resampled', () => {
    const redraws = new Resampling();
    redraws.resample(10, 13);
    redraws.resample(12, 15);
    assert.deepEqual(
      [9, 10, 11, 12, 13, 14, 15, 16].map((position) => redraws.attempt(position)),
      [0, 1, 1, 2, 2, 1, 1, 0],
    );
  });

  it('is settled where no first attempt can follow a later one', () => {
    const redraws = new Resampling();
    assert.ok(redraws.isSettled(0) && redraws.isSettled(100));
    redraws.resample(10, 13);
    assert.deepEqual(
      [9, 10, 11, 13, 14].map((length) => redraws.isSettled(length)),
      [true, true, false, false, true],
    );
  });
});
