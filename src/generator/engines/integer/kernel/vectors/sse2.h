// SSE2, which every x64 processor has: 128 bits, products of 16-bit numbers.
#include <emmintrin.h>
#define VARIANT_NAME "sse2"
#define LANES 4
#define GATES 2
#define TILE_ROWS 4
typedef __m128i Ints;
typedef __m128 Floats;

INLINE Ints zero_ints(void) { return _mm_setzero_si128(); }
INLINE Ints load_ints(const void *from) { return _mm_loadu_si128((const __m128i *)from); }
INLINE Ints splat_four_bytes(const uint8_t *from) { return _mm_set1_epi32(load_word(from)); }
INLINE Ints add_ints(Ints a, Ints b) { return _mm_add_epi32(a, b); }
INLINE Ints add_dot(Ints sum, Ints weights, Ints inputs) {
  const __m128i zero = _mm_setzero_si128();
  const __m128i low = _mm_madd_epi16(_mm_srai_epi16(_mm_unpacklo_epi8(zero, weights), 8), _mm_unpacklo_epi8(inputs, zero));
  const __m128i high = _mm_madd_epi16(_mm_srai_epi16(_mm_unpackhi_epi8(zero, weights), 8), _mm_unpackhi_epi8(inputs, zero));
  const __m128 a = _mm_castsi128_ps(low), b = _mm_castsi128_ps(high);
  const __m128i even = _mm_castps_si128(_mm_shuffle_ps(a, b, _MM_SHUFFLE(2, 0, 2, 0)));
  const __m128i odd = _mm_castps_si128(_mm_shuffle_ps(a, b, _MM_SHUFFLE(3, 1, 3, 1)));
  return _mm_add_epi32(sum, _mm_add_epi32(even, odd));
}

INLINE Floats to_floats(Ints a) { return _mm_cvtepi32_ps(a); }
INLINE Floats splat(float x) { return _mm_set1_ps(x); }
INLINE Floats load_floats(const float *from) { return _mm_loadu_ps(from); }
INLINE void store_floats(float *to, Floats a) { _mm_storeu_ps(to, a); }
INLINE Floats add(Floats a, Floats b) { return _mm_add_ps(a, b); }
INLINE Floats multiply(Floats a, Floats b) { return _mm_mul_ps(a, b); }
INLINE Floats divide(Floats a, Floats b) { return _mm_div_ps(a, b); }
INLINE Floats smaller(Floats a, Floats b) { return _mm_min_ps(a, b); }
INLINE Floats larger(Floats a, Floats b) { return _mm_max_ps(a, b); }
INLINE void store_low_bytes(uint8_t *to, Floats a) {
  const __m128i each = _mm_and_si128(_mm_castps_si128(a), _mm_set1_epi32(0xff));
  const __m128i words = _mm_packs_epi32(each, each);
  const int32_t bytes = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
  __builtin_memcpy(to, &bytes, sizeof bytes);
}
