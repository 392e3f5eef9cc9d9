/**
 * Float64 arithmetic in WGSL, which has none: additions, products and quotients of IEEE 754, rounded to nearest,
 * on pairs of words (x is the lower one). Numbers are zero or normal; a result below the smallest normal number
 * becomes 0, and one above the largest becomes it. No `node:` imports.
 */
export const FLOAT64 = `
const SIGN_64 = 0x80000000u;
const HIDDEN_64 = 0x100000u;
const LARGEST_64 = vec2u(0xffffffffu, 0x7fefffffu);

fn isBelow(a: vec2u, b: vec2u) -> bool { return a.y < b.y || (a.y == b.y && a.x < b.x); }
fn magnitude64(a: vec2u) -> vec2u { return vec2u(a.x, a.y & ~SIGN_64); }
fn negate64(a: vec2u) -> vec2u { return vec2u(a.x, a.y ^ SIGN_64); }
fn exponent64(a: vec2u) -> i32 { return i32((a.y >> 20u) & 0x7ffu); }
fn mantissa64(a: vec2u) -> vec2u { return vec2u(a.x, (a.y & (HIDDEN_64 - 1u)) | HIDDEN_64); }

/// a < b
fn less64(a: vec2u, b: vec2u) -> bool {
  let isNegative = (a.y & SIGN_64) != 0u;
  if (((a.y ^ b.y) & SIGN_64) == 0u) { return select(isBelow(a, b), isBelow(b, a), isNegative); }
  let isAnyNonzero = (a.x | b.x | ((a.y | b.y) & ~SIGN_64)) != 0u;
  return isNegative && isAnyNonzero;
}

fn addWords(a: vec2u, b: vec2u) -> vec2u {
  let low = a.x + b.x;
  return vec2u(low, a.y + b.y + select(0u, 1u, low < a.x));
}
fn subtractWords(a: vec2u, b: vec2u) -> vec2u {
  return vec2u(a.x - b.x, a.y - b.y - select(0u, 1u, a.x < b.x));
}
fn shiftLeft(a: vec2u, count: u32) -> vec2u {
  if (count == 0u) { return a; }
  if (count >= 32u) { return vec2u(0u, a.x << (count - 32u)); }
  return vec2u(a.x << count, (a.y << count) | (a.x >> (32u - count)));
}
/// Shifts right; the lowest bit becomes 1 where any bit was lost.
fn shiftRight(a: vec2u, count: u32) -> vec2u {
  if (count == 0u) { return a; }
  if (count >= 64u) { return vec2u(select(0u, 1u, (a.x | a.y) != 0u), 0u); }
  if (count >= 32u) {
    let high = count - 32u;
    let lost = a.x | select(0u, a.y << (32u - high), high > 0u);
    return vec2u((a.y >> high) | select(0u, 1u, lost != 0u), 0u);
  }
  let lost = a.x << (32u - count);
  return vec2u((a.x >> count) | (a.y << (32u - count)) | select(0u, 1u, lost != 0u), a.y >> count);
}

/// A number of a sign, exponent and mantissa; the mantissa has 64 bits, of which the highest is 1, and its lowest
/// is 1 where it stands for a longer one.
fn round64(sign: u32, exponent: i32, mantissa: vec2u) -> vec2u {
  let rest = mantissa.x & 0x7ffu;
  let kept = vec2u((mantissa.x >> 11u) | (mantissa.y << 21u), mantissa.y >> 11u);
  let isUp = rest > 0x400u || (rest == 0x400u && (kept.x & 1u) == 1u);
  if (exponent <= 0) { return vec2u(0u, sign); }
  if (exponent >= 0x7ff) { return vec2u(LARGEST_64.x, LARGEST_64.y | sign); }
  // The highest bit of the mantissa adds 1 to the exponent, and so does one that is carried beyond it.
  let bits = addWords(kept, vec2u(select(0u, 1u, isUp), u32(exponent - 1) << 20u));
  return vec2u(bits.x, bits.y | sign);
}

fn normalise64(sign: u32, exponent: i32, mantissa: vec2u) -> vec2u {
  if ((mantissa.x | mantissa.y) == 0u) { return vec2u(0u, 0u); }
  let zeros = select(countLeadingZeros(mantissa.y), 32u + countLeadingZeros(mantissa.x), mantissa.y == 0u);
  return round64(sign, exponent - i32(zeros), shiftLeft(mantissa, zeros));
}

fn add64(a: vec2u, b: vec2u) -> vec2u {
  let isSwapped = isBelow(magnitude64(a), magnitude64(b));
  let large = select(a, b, isSwapped);
  let small = select(b, a, isSwapped);
  if (exponent64(small) == 0) { return large; }
  // One bit is left above for a carry, ten below for what is rounded.
  let shift = u32(exponent64(large) - exponent64(small));
  let mantissa = shiftLeft(mantissa64(large), 10u);
  let other = shiftRight(shiftLeft(mantissa64(small), 10u), shift);
  let isDifference = ((a.y ^ b.y) & SIGN_64) != 0u;
  let sum = select(addWords(mantissa, other), subtractWords(mantissa, other), isDifference);
  return normalise64(large.y & SIGN_64, exponent64(large) + 1, sum);
}

fn wideProduct(a: u32, b: u32) -> vec2u {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let middle = (a & 0xffffu) * (b >> 16u);
  let other = (a >> 16u) * (b & 0xffffu);
  let carried = (low >> 16u) + (middle & 0xffffu) + (other & 0xffffu);
  return vec2u(a * b, (a >> 16u) * (b >> 16u) + (middle >> 16u) + (other >> 16u) + (carried >> 16u));
}

fn multiply64(a: vec2u, b: vec2u) -> vec2u {
  let sign = (a.y ^ b.y) & SIGN_64;
  if (exponent64(a) == 0 || exponent64(b) == 0) { return vec2u(0u, sign); }
  let left = shiftLeft(mantissa64(a), 11u);
  let right = shiftLeft(mantissa64(b), 11u);
  let low = wideProduct(left.x, right.x);
  let middle = wideProduct(left.x, right.y);
  let other = wideProduct(left.y, right.x);
  let high = wideProduct(left.y, right.y);
  // The lower 64 bits only decide whether something is left.
  let sum = addWords(vec2u(low.y, 0u), addWords(vec2u(middle.x, 0u), vec2u(other.x, 0u)));
  let product = addWords(high, addWords(vec2u(middle.y, 0u), addWords(vec2u(other.y, 0u), vec2u(sum.y, 0u))));
  let rest = select(0u, 1u, (low.x | sum.x) != 0u);
  // Where the highest bit is 0, the next one is 1, and the highest bit of the rest takes part.
  let exponent = exponent64(a) + exponent64(b) - 1023;
  if ((product.y >> 31u) == 1u) { return round64(sign, exponent + 1, vec2u(product.x | rest, product.y)); }
  let shifted = shiftLeft(product, 1u);
  return round64(sign, exponent, vec2u(shifted.x | (sum.x >> 31u) | rest, shifted.y));
}

fn divide64(a: vec2u, b: vec2u) -> vec2u {
  let sign = (a.y ^ b.y) & SIGN_64;
  if (exponent64(a) == 0) { return vec2u(0u, sign); }
  let divisor = mantissa64(b);
  var remainder = mantissa64(a);
  var exponent = exponent64(a) - exponent64(b) + 1023;
  if (isBelow(remainder, divisor)) {
    remainder = shiftLeft(remainder, 1u);
    exponent -= 1;
  }
  // 53 bits, and two more for rounding.
  var quotient = vec2u(0u, 0u);
  for (var i = 0; i < 55; i++) {
    quotient = shiftLeft(quotient, 1u);
    if (!isBelow(remainder, divisor)) {
      remainder = subtractWords(remainder, divisor);
      quotient.x |= 1u;
    }
    remainder = shiftLeft(remainder, 1u);
  }
  let rest = select(0u, 1u, (remainder.x | remainder.y) != 0u);
  let mantissa = shiftLeft(quotient, 9u);
  return round64(sign, exponent, vec2u(mantissa.x | rest, mantissa.y));
}

/// A float32 as a float64. A number below the smallest normal one becomes 0, and infinity a large number.
fn widened(bits: u32) -> vec2u {
  let exponent = (bits >> 23u) & 0xffu;
  if (exponent == 0u) { return vec2u(0u, bits & SIGN_64); }
  return vec2u((bits & 7u) << 29u, (bits & SIGN_64) | ((exponent + 896u) << 20u) | ((bits & 0x7fffffu) >> 3u));
}

const EXP_END = vec2u(0u, 0xc0862000u); // -708
const EXP_ROUNDER = vec2u(0u, 0x43380000u); // 1.5 x 2^52
COEFFICIENTS

/// exp(x) for x <= 0, with the operations of the integer engine's kernel (kernel/draw.h).
fn exponential(x: vec2u) -> vec2u {
  if (less64(x, EXP_END)) { return vec2u(0u, 0u); }
  let shifted = add64(multiply64(x, LOG2_E), EXP_ROUNDER);
  let k = add64(shifted, negate64(EXP_ROUNDER));
  let reduced = add64(add64(x, negate64(multiply64(k, LN2_HIGH))), negate64(multiply64(k, LN2_LOW)));
  var sum = EXP_TERMS[0];
  for (var i = 1; i < EXP_TERM_COUNT; i++) { sum = add64(multiply64(sum, reduced), EXP_TERMS[i]); }
  // The low bits of \`shifted\` are k, which is added to the exponent.
  return vec2u(sum.x, sum.y + (shifted.x << 20u));
}
`.replace('COEFFICIENTS', coefficients());

/** The constants of the exponential, as pairs of words. */
function coefficients(): string {
  const terms = [
    ...[1.6059043836821613e-10, 2.08767569878681e-9, 2.505210838544172e-8, 2.755731922398589e-7],
    ...[2.7557319223985893e-6, 2.48015873015873e-5, 1.984126984126984e-4, 1.388888888888889e-3],
    ...[8.333333333333333e-3, 4.1666666666666664e-2, 0.16666666666666666, 0.5, 1, 1],
  ];
  return `const LOG2_E = ${words(Math.LOG2E)};
const LN2_HIGH = ${words(0.6931471803691238)};
const LN2_LOW = ${words(1.9082149292705877e-10)};
const EXP_TERM_COUNT = ${terms.length};
const EXP_TERMS = array(${terms.map(words).join(', ')});`;
}

function words(value: number): string {
  const [low, high] = new Uint32Array(Float64Array.of(value).buffer);
  return `vec2u(${low}u, ${high}u)`;
}
