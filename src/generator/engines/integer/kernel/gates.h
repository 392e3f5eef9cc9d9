// An LSTM's gates in float32: additions, multiplications, divisions, smaller and larger, in a fixed order.
// docs/integer-engine.md defines them.
#pragma once
#include "vectors.h"

// tanh(x) is p / q with p = x (x^6 + 378 x^4 + 17325 x^2 + 135135), q = 28 x^6 + 3150 x^4 + 62370 x^2 + 135135:
// the seventh convergent of Lambert's continued fraction. It reaches 1 at TANH_END.
#define TANH_END 4.9712f
#define CONSTANTS(X) X(TANH_END) X(-TANH_END) X(378.f) X(17325.f) X(135135.f) X(28.f) X(3150.f) X(62370.f) X(63.f) X(12582976.f)
enum { END, MINUS_END, P4, P2, P0, Q6, Q4, Q2, STEPS, ROUNDER };

#ifdef CONSTANTS_IN_MEMORY
// V8 builds a constant vector anew at each use, which takes longer than to load it. Not const, so that the
// compiler loads it too.
#define FOUR_TIMES(x) x, x, x, x,
float constants_in_memory[] __attribute__((aligned(16))) = {CONSTANTS(FOUR_TIMES)};
INLINE Floats constant(int index) { return load_floats(constants_in_memory + 4 * index); }
#else
#define ONCE(x) x,
static const float constants[] = {CONSTANTS(ONCE)};
INLINE Floats constant(int index) { return splat(constants[index]); }
#endif

typedef struct {
  Floats p, q;
} Fraction;

INLINE Fraction tanh_fraction(Floats x) {
  x = smaller(larger(x, constant(MINUS_END)), constant(END));
  const Floats y = multiply(x, x);
  Fraction tanh;
  tanh.p = multiply(x, add(multiply(add(multiply(add(y, constant(P4)), y), constant(P2)), y), constant(P0)));
  tanh.q = add(multiply(add(multiply(add(multiply(y, constant(Q6)), constant(Q4)), y), constant(Q2)), y), constant(P0));
  return tanh;
}

// Updates a block of cells and writes their hidden states. The arguments of the sigmoids are halved already:
// sigmoid(2x) = (q + p) / 2q, with p / q = tanh(x). So the cell takes one division, and the hidden state one:
//   c' = ((q_f + p_f) c q_i q_g + (q_i + p_i) p_g q_f) / 2 q_f q_i q_g
//   h' = (q_o + p_o) p_t / 2 q_o q_t, with p_t / q_t = tanh(c')
// ROUNDER is 1.5 x 2^23 + 64: adding it rounds to the nearest integer, half to even, and leaves that integer
// plus 64 in the low byte.
INLINE void update_cells(Floats half_i, Floats half_f, Floats g, Floats half_o, float *cells, uint8_t *hidden) {
  const Fraction i = tanh_fraction(half_i), f = tanh_fraction(half_f), candidate = tanh_fraction(g);
  const Floats q_ig = multiply(i.q, candidate.q);
  const Floats kept = multiply(multiply(add(f.q, f.p), load_floats(cells)), q_ig);
  const Floats added = multiply(multiply(add(i.q, i.p), candidate.p), f.q);
  const Floats half = multiply(f.q, q_ig);
  const Floats cell = divide(add(kept, added), add(half, half));
  store_floats(cells, cell);
  const Fraction o = tanh_fraction(half_o), t = tanh_fraction(cell);
  const Floats q_ot = multiply(o.q, t.q);
  const Floats h = divide(multiply(add(o.q, o.p), t.p), add(q_ot, q_ot));
  store_low_bytes(hidden, add(multiply(h, constant(STEPS)), constant(ROUNDER)));
}
