/**
 * Float32 arithmetic in WGSL that rounds after every operation, as docs/integer-engine.md demands. No `node:`
 * imports.
 *
 * WGSL lets a compiler fuse a product and a sum into one operation, and reorder sums. Each result is therefore
 * XORed with a number that is zero, which only the host knows: a compiler has to produce the rounded bits
 * first. WGSL does not require division to round correctly either, so `divide` corrects an estimate by the
 * remainder, in integers.
 */
export const FLOAT32 = `
fn rounded(x: vec4f) -> vec4f { return bitcast<vec4f>(bitcast<vec4u>(x) ^ vec4u(part.zero)); }
fn add(a: vec4f, b: vec4f) -> vec4f { return rounded(a + b); }
fn multiply(a: vec4f, b: vec4f) -> vec4f { return rounded(a * b); }

const MANTISSA_BITS = 23u;
const HIDDEN_BIT = 0x800000u;
const SIGN = 0x80000000u;

/// a / b for positive b, rounded to nearest. The quotient of two mantissas has 24 bits, and is never halfway
/// between two floats. A quotient below the smallest normal number becomes 0.
fn divide(a: vec4f, b: vec4f) -> vec4f {
  let bitsA = bitcast<vec4u>(a);
  let bitsB = bitcast<vec4u>(b);
  let mantissaA = (bitsA & vec4u(HIDDEN_BIT - 1u)) | vec4u(HIDDEN_BIT);
  let mantissaB = (bitsB & vec4u(HIDDEN_BIT - 1u)) | vec4u(HIDDEN_BIT);
  let isSmaller = mantissaA < mantissaB;
  let shift = select(vec4u(MANTISSA_BITS), vec4u(MANTISSA_BITS + 1u), isSmaller);
  let divisor = vec4i(mantissaB);
  var quotient = vec4i(vec4f(mantissaA) / vec4f(mantissaB) * vec4f(vec4u(1u) << shift));
  // Only the lower 32 bits are computed: the remainder of an estimate that is off by less than 100 has no more.
  var remainder = vec4i((mantissaA << shift) - vec4u(quotient) * mantissaB);
  let correction = vec4i(floor(vec4f(remainder) / vec4f(divisor)));
  quotient += correction;
  remainder -= correction * divisor;
  let under = select(vec4i(0), vec4i(1), remainder < vec4i(0));
  quotient -= under;
  remainder += under * divisor;
  let over = select(vec4i(0), vec4i(1), remainder >= divisor);
  quotient += over;
  remainder -= over * divisor;
  quotient += select(vec4i(0), vec4i(1), 2 * remainder > divisor);
  let exponentA = vec4i((bitsA >> vec4u(MANTISSA_BITS)) & vec4u(0xff));
  let exponentB = vec4i((bitsB >> vec4u(MANTISSA_BITS)) & vec4u(0xff));
  let exponent = exponentA - exponentB + 127 - select(vec4i(0), vec4i(1), isSmaller);
  // The quotient may have become 2^24: its bit above the mantissa then adds 1 to the exponent.
  let magnitude = vec4u((exponent << vec4u(MANTISSA_BITS)) + quotient - vec4i(vec4u(HIDDEN_BIT)));
  let isZero = (exponentA == vec4i(0)) | (exponent <= vec4i(0));
  return bitcast<vec4f>(select(magnitude, vec4u(0), isZero) | (bitsA & vec4u(SIGN)));
}
`;
