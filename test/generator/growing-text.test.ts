import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { GrowingText } from '../../src/generator/growing-text.ts';
import { sized } from '../helpers/sized.ts';

const letters = (maxLength: number) =>
  fc.array(fc.constantFrom('a', 'b', 'c', ' '), { maxLength }).map((all) => all.join(''));
/** Texts that are added, and shares of the text that remain after a cut. */
const step = fc.oneof(letters(400), letters(3), fc.double({ min: 0, max: 1, noNaN: true }));

describe('GrowingText', () => {
  it('is the text that was added to it and not cut', () => {
    fc.assert(
      fc.property(letters(1_500), fc.array(step, { maxLength: 40 }), (start, steps) => {
        const text = new GrowingText(start);
        let expected = start;
        for (const one of steps) {
          if (typeof one === 'string') {
            text.add(one);
            expected += one;
          } else {
            const length = Math.floor(one * expected.length);
            text.cut(length);
            expected = expected.slice(0, length);
          }
          assert.equal(text.length, expected.length);
          for (const length of [0, 1, 200, 600, expected.length, expected.length + 1]) {
            assert.equal(text.end(length), length === 0 ? '' : expected.slice(-length));
          }
        }
        assert.equal(text.toString(), expected);
      }),
      { numRuns: sized(40, 400) },
    );
  });

  it('says whether its last characters stand at an earlier place, an overlapping one too', () => {
    fc.assert(
      fc.property(letters(1_200), letters(1_200), letters(30), (start, added, repeated) => {
        for (const whole of [start + added, `${start}${repeated}${added}${repeated}`]) {
          const text = new GrowingText(whole.slice(0, start.length));
          for (const character of whole.slice(start.length)) text.add(character);
          for (const length of [1, 5, 6, 7, 25, whole.length - 1, whole.length]) {
            if (length < 1) continue;
            const last = whole.slice(-length);
            const isRepeated = length < whole.length && whole.indexOf(last) < whole.length - length;
            assert.equal(text.repeats(length), isRepeated, `${length} of ${JSON.stringify(whole)}`);
          }
        }
      }),
      { numRuns: sized(60, 600) },
    );
  });
});
