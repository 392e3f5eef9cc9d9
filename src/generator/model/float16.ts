/**
 * IEEE 754 binary16, the storage format of weights: half the bytes of float32, 11 significant bits. The
 * JavaScript engines of Node 20 and 22 have no conversion of their own.
 */
const FLOAT16_FRACTION_BITS = 10;
const FLOAT32_FRACTION_BITS = 23;
const FRACTION_SHIFT = FLOAT32_FRACTION_BITS - FLOAT16_FRACTION_BITS;
/** Difference of the two formats' exponent biases, 127 and 15. */
const BIAS_DIFFERENCE = 112;
const FLOAT16_MAX_EXPONENT = 31;
/** 2^-24: the step of float16's subnormal numbers. */
const SUBNORMAL_STEP = 2 ** -24;
const FLOAT16_COUNT = 65_536;

let decoded: Float32Array | undefined;

/** Exact; infinities and NaN included. */
export function float16ToFloat32(bits: Uint16Array): Float32Array {
  decoded ??= Float32Array.from({ length: FLOAT16_COUNT }, (_, pattern) => float16Value(pattern));
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) values[i] = decoded[bits[i]!]!;
  return values;
}

function float16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> FLOAT16_FRACTION_BITS) & FLOAT16_MAX_EXPONENT;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * SUBNORMAL_STEP;
  if (exponent === FLOAT16_MAX_EXPONENT) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * Rounds to the nearest float16, ties to even; numbers below 2^-14 become subnormal.
 *
 * @throws RangeError for numbers without a finite float16: NaN, and 65,520 or more
 */
export function float32ToFloat16(values: Float32Array): Uint16Array {
  const patterns = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const bits = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const half = halfOf(patterns[i]!);
    if ((half & 0x7c00) === 0x7c00) {
      throw new RangeError(`Expected numbers between -65,519 and 65,519, got ${values[i]} at ${i}.`);
    }
    bits[i] = half;
  }
  return bits;
}

/**
 * The float16 pattern nearest to a float32 pattern; numbers that are too large, infinite or NaN become an
 * infinity.
 */
function halfOf(pattern: number): number {
  const sign = (pattern >>> 16) & 0x8000;
  const exponent = ((pattern >>> FLOAT32_FRACTION_BITS) & 0xff) - BIAS_DIFFERENCE;
  const fraction = pattern & 0x7f_ffff;
  if (exponent >= FLOAT16_MAX_EXPONENT) return sign | 0x7c00;
  // A fraction that rounds up to the next power of two carries into the exponent, which gives the right
  // result.
  if (exponent > 0)
    return sign | roundedShift((exponent << FLOAT32_FRACTION_BITS) | fraction, FRACTION_SHIFT);
  const shift = FRACTION_SHIFT + 1 - exponent;
  // Below half of the smallest subnormal: zero. This also keeps the shift within a 32-bit integer.
  if (shift > FLOAT32_FRACTION_BITS + 1) return sign;
  return sign | roundedShift(fraction | 0x80_0000, shift);
}

/** `value` / 2^`shift`, rounded to the nearest integer, ties to even. */
function roundedShift(value: number, shift: number): number {
  const below = (1 << (shift - 1)) - 1;
  const odd = (value >>> shift) & 1;
  return (value + below + odd) >>> shift;
}
