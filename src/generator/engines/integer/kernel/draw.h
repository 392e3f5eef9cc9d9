// Draws an id from logits: the same rules as `sampleFromLogits` in sampler.ts, in float64, with an exponential
// of its own, since a library's differs from one system to the next.
#pragma once
#include <stdint.h>

#include "layout.h"

// Below this, exp(x) is less than the smallest normal number, and counts as 0.
#define EXP_END -708.0
// Adding it rounds to the nearest integer and leaves that integer in the low bits.
#define EXP_ROUNDER 6755399441055744.0

// exp(x) for x <= 0: 2^k exp(r) with k = round(x / ln 2), by the Taylor polynomial of degree 13 (|r| < 0.347:
// its error is below 2^-57). ln 2 in two parts makes k ln 2 exact enough.
static double exponential(double x) {
  if (x < EXP_END) return 0;
  const double shifted = x * 1.4426950408889634 + EXP_ROUNDER;
  const double k = shifted - EXP_ROUNDER;
  const double r = (x - k * 0.6931471803691238) - k * 1.9082149292705877e-10;
  double sum = 1.6059043836821613e-10;
  sum = sum * r + 2.08767569878681e-9;
  sum = sum * r + 2.505210838544172e-8;
  sum = sum * r + 2.755731922398589e-7;
  sum = sum * r + 2.7557319223985893e-6;
  sum = sum * r + 2.48015873015873e-5;
  sum = sum * r + 1.984126984126984e-4;
  sum = sum * r + 1.388888888888889e-3;
  sum = sum * r + 8.333333333333333e-3;
  sum = sum * r + 4.1666666666666664e-2;
  sum = sum * r + 0.16666666666666666;
  sum = sum * r + 0.5;
  sum = sum * r + 1;
  sum = sum * r + 1;
  int64_t power, bits;
  __builtin_memcpy(&power, &shifted, sizeof power);
  __builtin_memcpy(&bits, &sum, sizeof bits);
  // Only the low bits of `power` remain after the shift: k, added to the exponent.
  bits = (int64_t)((uint64_t)bits + ((uint64_t)power << 52));
  double result;
  __builtin_memcpy(&result, &bits, sizeof result);
  return result;
}

// The inverse of the cumulative distribution at `uniform`; -1 where the logits are no distribution. The weights
// are the probabilities times their sum, which is written to `sum`: 0 at temperature 0, which needs no weights.
static int32_t draw(const float *logits, int32_t size, double temperature, double uniform, const uint8_t *allowed,
                    double log_min_p, double *weights, double *sum) {
  *sum = 0;
  int32_t likeliest = -1;
  float max = 0;
  for (int32_t id = 0; id < size; id++) {
    if (allowed && !allowed[id]) continue;
    if (likeliest >= 0 && !(logits[id] > max)) continue;
    max = logits[id];
    likeliest = id;
  }
  if (likeliest < 0 || !(max - max == 0)) return -1;
  if (temperature == 0) return likeliest;
  const double least = max + log_min_p;
  double total = 0;
  for (int32_t id = 0; id < size; id++) {
    const int is_out = (allowed && !allowed[id]) || logits[id] < least;
    weights[id] = is_out ? 0 : exponential(((double)logits[id] - max) / temperature);
    total += weights[id];
  }
  *sum = total;
  const double target = uniform * total;
  double passed = 0;
  for (int32_t id = 0; id < size; id++) {
    passed += weights[id];
    if (passed > target) return id;
  }
  // Only for a uniform that rounds up to 1: the last id with a positive probability.
  for (int32_t id = size - 1; id > likeliest; id--) if (weights[id] > 0) return id;
  return likeliest;
}

// Lists the likeliest ids of a draw with their probabilities: the same as `noteProbabilities` in
// draw-probabilities.ts. An id that could not be drawn is not listed.
static void list_likeliest(const double *weights, int32_t size, double sum, int32_t drawn, int32_t *ids,
                           float *probabilities) {
  double most[LIKELIEST];
  int32_t count = 0;
  for (int32_t id = 0; sum > 0 && id < size; id++) {
    const double weight = weights[id];
    if (!(weight > (count < LIKELIEST ? 0 : most[LIKELIEST - 1]))) continue;
    int32_t rank = count < LIKELIEST ? count++ : LIKELIEST - 1;
    for (; rank > 0 && weight > most[rank - 1]; rank--) {
      most[rank] = most[rank - 1];
      ids[rank] = ids[rank - 1];
    }
    most[rank] = weight;
    ids[rank] = id;
  }
  if (sum == 0) {
    // At temperature 0 only the drawn id could be drawn.
    sum = most[0] = 1;
    ids[0] = drawn;
    count = 1;
    probabilities[0] = 1;
  } else {
    probabilities[0] = (float)(weights[drawn] / sum);
  }
  for (int32_t rank = 0; rank < LIKELIEST; rank++) {
    if (rank >= count) ids[rank] = -1;
    probabilities[1 + rank] = rank < count ? (float)(most[rank] / sum) : 0;
  }
}
