// The variants that this processor and its operating system support, the fastest first.
#pragma once
#include "kernel.h"

#if defined(__x86_64__)
extern const Kernel kernel_avx512, kernel_avxvnni, kernel_avx2, kernel_sse2;

static void read_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t *registers) {
  __asm__("cpuid"
          : "=a"(registers[0]), "=b"(registers[1]), "=c"(registers[2]), "=d"(registers[3])
          : "a"(leaf), "c"(subleaf));
}

// The register states that the operating system saves: bits 1 and 2 for AVX, 5 to 7 more for AVX-512.
static uint32_t saved_states(void) {
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

static int bit(uint32_t word, int number) { return word >> number & 1; }

static int list_kernels(const Kernel **found) {
  uint32_t highest[4], leaf_1[4], leaf_7[4] = {0}, leaf_7_1[4] = {0};
  read_cpuid(0, 0, highest);
  read_cpuid(1, 0, leaf_1);
  if (highest[0] >= 7) {
    read_cpuid(7, 0, leaf_7);
    if (leaf_7[0] >= 1) read_cpuid(7, 1, leaf_7_1);
  }
  const uint32_t saved = bit(leaf_1[2], 27) ? saved_states() : 0;
  const int has_avx2 = (saved & 0x06) == 0x06 && bit(leaf_1[2], 28) && bit(leaf_7[1], 5);
  const int has_avx512 = has_avx2 && (saved & 0xe6) == 0xe6 && bit(leaf_7[1], 16) && bit(leaf_7[1], 17) &&
                         bit(leaf_7[1], 30) && bit(leaf_7[1], 31);
  int count = 0;
  if (has_avx512 && bit(leaf_7[2], 11)) found[count++] = &kernel_avx512;
  if (has_avx2 && bit(leaf_7_1[0], 4)) found[count++] = &kernel_avxvnni;
  if (has_avx2) found[count++] = &kernel_avx2;
  found[count++] = &kernel_sse2;
  return count;
}
#elif defined(__aarch64__)
extern const Kernel kernel_neon_dot, kernel_neon;

static int has_dot_product(void) {
#ifdef __APPLE__
  return 1;  // every Apple processor for Macs
#else
  // Linux answers this read of a system register on behalf of the processor.
  uint64_t features;
  __asm__("mrs %0, ID_AA64ISAR0_EL1" : "=r"(features));
  return (features >> 44 & 0xf) != 0;
#endif
}

static int list_kernels(const Kernel **found) {
  int count = 0;
  if (has_dot_product()) found[count++] = &kernel_neon_dot;
  found[count++] = &kernel_neon;
  return count;
}
#endif
