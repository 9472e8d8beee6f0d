// Vector kernels on contiguous f32, compiled for every x86 and Arm level and chosen at run time (Highway).
// Called from inside the CPU backend's parallel loops; single-threaded themselves. No fast-math.
#pragma once

#include <cstdint>
#include <string>

#include "tugline/backend/divergence_sums.h"

namespace tugline::cpu {

// out = x / sqrt(mean(x^2) + eps) * weight; out may be x. Correct for every x in f32's range: if f32 cannot
// hold the sum of squares, the sum is f64 (wide_norms.h).  [n]
void rms_norm_row(const float* x, const float* weight, int64_t n, float eps, float* out);
// out = x - mean(x); out may be x.  [n]
void centre_row(const float* x, int64_t n, float* out);
// out = silu(gate) * up.  [n]
void swiglu_row(const float* gate, const float* up, int64_t n, float* out);
// Rotates the halves of one head in place.  x [2 half], cosine and sine [half]
void rope_head(float* x, const float* cosine, const float* sine, int64_t half);
// s = softmax(s).  [n]
void softmax_row(float* s, int64_t n);
[[nodiscard]] double dot(const float* x, const float* y, int64_t n);

// The sums of one tile of the vocabulary.
struct TileSums {
  DivergenceSums sums;  // lifted
  float largest = 0;    // max (logit + delta): of the pushed logits, before the temperature
};
// Adds up one vocabulary tile.  delta, q, logits [n]; logits and delta are not divided by the temperature.
// The relative error of `forward` and `backward` is about 1e-6 for every size of delta, because terms that
// would cancel are evaluated as d^2 times a polynomial. Sums are infinite or NaN if a d is beyond 60 or, with
// a lift other than 1, beyond 1/2.
[[nodiscard]] TileSums divergence_tile(const float* delta, const DivergenceOrigin& origin, const float* q,
                                       const float* logits, int64_t n);

// The name of the chosen instruction set: "AVX2", "AVX3" ...
[[nodiscard]] std::string instruction_set();

}  // namespace tugline::cpu
