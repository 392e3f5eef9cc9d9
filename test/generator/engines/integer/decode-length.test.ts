import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DecodeLength } from '../../../../src/generator/engines/integer/decode-length.ts';

const MOST = 16;

/** Decodes on a processor on which a step takes `msOf` milliseconds; returns the duration of each. */
function durations(
  length: DecodeLength,
  rows: number,
  decodes: number,
  msOf: (rows: number) => number,
): number[] {
  return Array.from({ length: decodes }, () => {
    const steps = length.stepsFor(rows);
    const ms = steps * msOf(rows);
    length.learn(rows, steps, ms);
    return ms;
  });
}

describe('the length of a decode', () => {
  test('is the largest where the processor is fast', () => {
    const length = new DecodeLength(MOST);
    durations(length, 64, 5, (rows) => rows * 0.005);
    assert.equal(length.stepsFor(64), MOST);
    assert.equal(length.stepsFor(1), MOST);
  });

  test('keeps decodes below 20 ms from the second on, at any speed of 10 ms a step or less', () => {
    for (const msOfRow of [0.005, 0.02, 0.08]) {
      const length = new DecodeLength(MOST);
      for (const rows of [1, 2, 64, 100, 3, 125, 1]) {
        const [, ...later] = durations(length, rows, 30, (rows) => Math.min(10, 0.02 + rows * msOfRow));
        assert.ok(Math.max(...later) <= 20, `${rows} rows of ${msOfRow} ms: ${Math.max(...later)} ms`);
      }
    }
  });

  test('is one step where a step takes longer than a decode should', () => {
    const length = new DecodeLength(MOST);
    durations(length, 8_000, 20, () => 70);
    assert.equal(length.stepsFor(8_000), 1);
  });

  test('is short for many more rows than before', () => {
    const length = new DecodeLength(MOST);
    durations(length, 1, 20, () => 0.1);
    assert.equal(length.stepsFor(1), MOST);
    assert.equal(length.stepsFor(50), 2);
  });

  test('recovers after a processor was taken away for a while', () => {
    const length = new DecodeLength(MOST);
    durations(length, 64, 10, () => 0.5);
    length.learn(64, MOST, 200);
    assert.ok(length.stepsFor(64) < MOST / 2);
    durations(length, 64, 30, () => 0.5);
    assert.equal(length.stepsFor(64), MOST);
  });

  test('is one for engines of single steps', () => {
    assert.equal(new DecodeLength(1).stepsFor(1), 1);
  });
});
