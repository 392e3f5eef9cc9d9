import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { float16ToFloat32, float32ToFloat16 } from '../../../src/generator/model/float16.ts';

const decode = (bits: number) => float16ToFloat32(Uint16Array.of(bits))[0]!;
const encode = (value: number) => float32ToFloat16(Float32Array.of(value))[0]!;
const FINITE = Array.from({ length: 65_536 }, (_, bits) => bits).filter((bits) => (bits & 0x7c00) !== 0x7c00);

describe('float16', () => {
  // The examples of Wikipedia's article on half precision.
  const known: [number, number][] = [
    [0x0000, 0],
    [0x8000, -0],
    [0x0001, 2 ** -24],
    [0x03ff, 2 ** -14 * (1023 / 1024)],
    [0x0400, 2 ** -14],
    [0x3555, 0.333251953125],
    [0x3bff, 0.99951171875],
    [0x3c00, 1],
    [0x3c01, 1.0009765625],
    [0xc000, -2],
    [0x7bff, 65_504],
  ];
  for (const [bits, value] of known) {
    test(`0x${bits.toString(16).padStart(4, '0')} is ${value}`, () => {
      assert.ok(Object.is(decode(bits), Math.fround(value)));
      assert.equal(encode(value), bits);
    });
  }

  test('every finite number is unchanged after a round trip', () => {
    const bits = Uint16Array.from(FINITE);
    assert.deepEqual(float32ToFloat16(float16ToFloat32(bits)), bits);
  });

  test('infinities and NaN are read', () => {
    assert.equal(decode(0x7c00), Infinity);
    assert.equal(decode(0xfc00), -Infinity);
    assert.ok(Number.isNaN(decode(0x7e00)));
  });

  test('rounds to the nearest, ties to even', () => {
    const positive = FINITE.filter((bits) => bits < 0x8000);
    for (let i = 0; i + 1 < positive.length; i++) {
      const [low, high] = [positive[i]!, positive[i + 1]!];
      // Exact in float32: float16 has 13 bits fewer.
      const middle = (decode(low) + decode(high)) / 2;
      const step = (decode(high) - decode(low)) / 2 ** 12;
      assert.equal(encode(middle), low % 2 === 0 ? low : high);
      assert.equal(encode(middle - step), low);
      assert.equal(encode(middle + step), high);
      assert.equal(encode(-middle - step), 0x8000 | high);
    }
  });

  test('any float32 within its range changes by at most half a step', () => {
    fc.assert(
      fc.property(fc.float({ min: -65_504, max: 65_504, noNaN: true }), (value) => {
        const error = Math.abs(decode(encode(value)) - value);
        assert.ok(error <= Math.max(Math.abs(value) * 2 ** -11, 2 ** -25));
      }),
      { numRuns: 2_000 },
    );
    assert.equal(encode(2 ** -25), 0);
    assert.equal(encode(2 ** -26), 0);
    assert.equal(encode(2 ** -149), 0);
    assert.equal(encode(-(2 ** -149)), 0x8000);
  });

  test('a number outside its finite range is refused', () => {
    assert.equal(encode(65_519), 0x7bff);
    for (const value of [65_520, -65_520, 1e30, Infinity, -Infinity, Number.NaN]) {
      assert.throws(
        () => float32ToFloat16(Float32Array.of(1, value)),
        /between -65,519 and 65,519, got .* at 1/,
      );
    }
  });
});
