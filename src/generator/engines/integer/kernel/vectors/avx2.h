// AVX2: 256 bits. With AVX-VNNI four products and their sum are one instruction; without it they are two, whose
// 16-bit intermediate sums cannot saturate, because inputs have seven bits: 2 x 127 x 127 < 2^15.
#include <immintrin.h>
#define LANES 8
#define GATES 2
typedef __m256i Ints;
typedef __m256 Floats;

INLINE Ints zero_ints(void) { return _mm256_setzero_si256(); }
INLINE Ints load_ints(const void *from) { return _mm256_loadu_si256((const __m256i *)from); }
INLINE Ints splat_four_bytes(const uint8_t *from) { return _mm256_set1_epi32(load_word(from)); }
INLINE Ints add_ints(Ints a, Ints b) { return _mm256_add_epi32(a, b); }
#ifdef __AVXVNNI__
#define VARIANT_NAME "avx-vnni"
#define TILE_ROWS 6
INLINE Ints add_dot(Ints sum, Ints weights, Ints inputs) { return _mm256_dpbusd_avx_epi32(sum, inputs, weights); }
#else
#define VARIANT_NAME "avx2"
#define TILE_ROWS 4
INLINE Ints add_dot(Ints sum, Ints weights, Ints inputs) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(inputs, weights), _mm256_set1_epi16(1)));
}
#endif

INLINE Floats to_floats(Ints a) { return _mm256_cvtepi32_ps(a); }
INLINE Floats splat(float x) { return _mm256_set1_ps(x); }
INLINE Floats load_floats(const float *from) { return _mm256_loadu_ps(from); }
INLINE void store_floats(float *to, Floats a) { _mm256_storeu_ps(to, a); }
INLINE Floats add(Floats a, Floats b) { return _mm256_add_ps(a, b); }
INLINE Floats multiply(Floats a, Floats b) { return _mm256_mul_ps(a, b); }
INLINE Floats divide(Floats a, Floats b) { return _mm256_div_ps(a, b); }
INLINE Floats smaller(Floats a, Floats b) { return _mm256_min_ps(a, b); }
INLINE Floats larger(Floats a, Floats b) { return _mm256_max_ps(a, b); }
INLINE void store_low_bytes(uint8_t *to, Floats a) {
  const __m256i each = _mm256_and_si256(_mm256_castps_si256(a), _mm256_set1_epi32(0xff));
  const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(each), _mm256_extracti128_si256(each, 1));
  _mm_storel_epi64((__m128i *)to, _mm_packus_epi16(words, words));
}
