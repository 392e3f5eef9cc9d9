// AVX-512 with VNNI: 512 bits, four products and their sum in one instruction.
#include <immintrin.h>
#define VARIANT_NAME "avx512-vnni"
#define LANES 16
#define GATES 4
#define TILE_ROWS 6
typedef __m512i Ints;
typedef __m512 Floats;

INLINE Ints zero_ints(void) { return _mm512_setzero_si512(); }
INLINE Ints load_ints(const void *from) { return _mm512_loadu_si512(from); }
INLINE Ints splat_four_bytes(const uint8_t *from) { return _mm512_set1_epi32(load_word(from)); }
INLINE Ints add_ints(Ints a, Ints b) { return _mm512_add_epi32(a, b); }
INLINE Ints add_dot(Ints sum, Ints weights, Ints inputs) { return _mm512_dpbusd_epi32(sum, inputs, weights); }

INLINE Floats to_floats(Ints a) { return _mm512_cvtepi32_ps(a); }
INLINE Floats splat(float x) { return _mm512_set1_ps(x); }
INLINE Floats load_floats(const float *from) { return _mm512_loadu_ps(from); }
INLINE void store_floats(float *to, Floats a) { _mm512_storeu_ps(to, a); }
INLINE Floats add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
INLINE Floats multiply(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
INLINE Floats divide(Floats a, Floats b) { return _mm512_div_ps(a, b); }
INLINE Floats smaller(Floats a, Floats b) { return _mm512_min_ps(a, b); }
INLINE Floats larger(Floats a, Floats b) { return _mm512_max_ps(a, b); }
INLINE void store_low_bytes(uint8_t *to, Floats a) {
  _mm_storeu_si128((__m128i *)to, _mm512_cvtepi32_epi8(_mm512_castps_si512(a)));
}
