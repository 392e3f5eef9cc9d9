// Vectors of 32-bit integers and floats. Every target runs the same float operations in the same order, without
// fused multiply-add, and its dot products are exact: so all targets give the same bits.
#pragma once
#include <stdint.h>
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

INLINE int32_t load_word(const uint8_t *from) {
  int32_t word;
  __builtin_memcpy(&word, from, sizeof word);
  return word;
}

#if defined(__wasm__)
#include "vectors/wasm.h"
#elif defined(__AVX512VNNI__)
#include "vectors/avx512.h"
#elif defined(__AVX2__)
#include "vectors/avx2.h"
#elif defined(__x86_64__)
#include "vectors/sse2.h"
#elif defined(__aarch64__)
#include "vectors/neon.h"
#endif
