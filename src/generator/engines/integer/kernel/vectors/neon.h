// NEON: 128 bits, with the dot product of ARMv8.2 or, without it, products of 8-bit numbers.
#include <arm_neon.h>
#define LANES 4
#define GATES 4
typedef int32x4_t Ints;
typedef float32x4_t Floats;

INLINE Ints zero_ints(void) { return vdupq_n_s32(0); }
INLINE Ints load_ints(const void *from) { return vreinterpretq_s32_s8(vld1q_s8((const int8_t *)from)); }
INLINE Ints splat_four_bytes(const uint8_t *from) { return vdupq_n_s32(load_word(from)); }
INLINE Ints add_ints(Ints a, Ints b) { return vaddq_s32(a, b); }
#ifdef __ARM_FEATURE_DOTPROD
#define VARIANT_NAME "neon-dot"
#define TILE_ROWS 6
INLINE Ints add_dot(Ints sum, Ints weights, Ints inputs) {
  return vdotq_s32(sum, vreinterpretq_s8_s32(weights), vreinterpretq_s8_s32(inputs));
}
#else
#define VARIANT_NAME "neon"
#define TILE_ROWS 4
INLINE Ints add_dot(Ints sum, Ints weights, Ints inputs) {
  const int8x16_t w = vreinterpretq_s8_s32(weights), x = vreinterpretq_s8_s32(inputs);
  const int32x4_t low = vpaddlq_s16(vmull_s8(vget_low_s8(w), vget_low_s8(x)));
  const int32x4_t high = vpaddlq_s16(vmull_high_s8(w, x));
  return vaddq_s32(sum, vpaddq_s32(low, high));
}
#endif

INLINE Floats to_floats(Ints a) { return vcvtq_f32_s32(a); }
INLINE Floats splat(float x) { return vdupq_n_f32(x); }
INLINE Floats load_floats(const float *from) { return vld1q_f32(from); }
INLINE void store_floats(float *to, Floats a) { vst1q_f32(to, a); }
INLINE Floats add(Floats a, Floats b) { return vaddq_f32(a, b); }
INLINE Floats multiply(Floats a, Floats b) { return vmulq_f32(a, b); }
INLINE Floats divide(Floats a, Floats b) { return vdivq_f32(a, b); }
INLINE Floats smaller(Floats a, Floats b) { return vminq_f32(a, b); }
INLINE Floats larger(Floats a, Floats b) { return vmaxq_f32(a, b); }
INLINE void store_low_bytes(uint8_t *to, Floats a) {
  const uint16x4_t words = vmovn_u32(vreinterpretq_u32_f32(a));
  const uint32_t bytes = vget_lane_u32(vreinterpret_u32_u8(vmovn_u16(vcombine_u16(words, words))), 0);
  __builtin_memcpy(to, &bytes, sizeof bytes);
}
