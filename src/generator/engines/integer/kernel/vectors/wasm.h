// WebAssembly: 128 bits, plain or, with RELAXED_SIMD, with the relaxed dot product.
#include <wasm_simd128.h>
#define LANES 4
#define GATES 2
#define CONSTANTS_IN_MEMORY
typedef v128_t Ints;
typedef v128_t Floats;

INLINE Ints zero_ints(void) { return wasm_i32x4_splat(0); }
INLINE Ints load_ints(const void *from) { return wasm_v128_load(from); }
INLINE Ints splat_four_bytes(const uint8_t *from) { return wasm_v128_load32_splat(from); }
INLINE Ints add_ints(Ints a, Ints b) { return wasm_i32x4_add(a, b); }
#ifdef RELAXED_SIMD
#define VARIANT_NAME "wasm-relaxed"
#define TILE_ROWS 6
INLINE Ints add_dot(Ints sum, Ints weights, Ints inputs) {
  return (Ints)__builtin_wasm_relaxed_dot_i8x16_i7x16_add_s_i32x4((__i8x16)weights, (__i8x16)inputs, (__i32x4)sum);
}
#else
#define VARIANT_NAME "wasm"
#define TILE_ROWS 4
INLINE Ints add_dot(Ints sum, Ints weights, Ints inputs) {
  const Ints low = wasm_i32x4_dot_i16x8(wasm_i16x8_extend_low_i8x16(weights), wasm_i16x8_extend_low_i8x16(inputs));
  const Ints high = wasm_i32x4_dot_i16x8(wasm_i16x8_extend_high_i8x16(weights), wasm_i16x8_extend_high_i8x16(inputs));
  const Ints even = wasm_i32x4_shuffle(low, high, 0, 2, 4, 6);
  const Ints odd = wasm_i32x4_shuffle(low, high, 1, 3, 5, 7);
  return wasm_i32x4_add(sum, wasm_i32x4_add(even, odd));
}
#endif

INLINE Floats to_floats(Ints a) { return wasm_f32x4_convert_i32x4(a); }
INLINE Floats load_floats(const float *from) { return wasm_v128_load(from); }
INLINE void store_floats(float *to, Floats a) { wasm_v128_store(to, a); }
INLINE Floats add(Floats a, Floats b) { return wasm_f32x4_add(a, b); }
INLINE Floats multiply(Floats a, Floats b) { return wasm_f32x4_mul(a, b); }
INLINE Floats divide(Floats a, Floats b) { return wasm_f32x4_div(a, b); }
INLINE Floats smaller(Floats a, Floats b) { return wasm_f32x4_pmin(a, b); }
INLINE Floats larger(Floats a, Floats b) { return wasm_f32x4_pmax(a, b); }
INLINE void store_low_bytes(uint8_t *to, Floats a) {
  wasm_v128_store32_lane(to, wasm_i8x16_shuffle(a, a, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12), 0);
}
