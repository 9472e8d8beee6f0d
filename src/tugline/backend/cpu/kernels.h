// Vector kernels on contiguous f32, compiled for every x86 and Arm level and chosen at run time (Highway). Called from
// inside the CPU backend's parallel loops; single-threaded themselves. No fast-math.
#pragma once

#include <cstdint>
#include <string>

namespace tugline::cpu {

// out = x / sqrt(mean(x^2) + eps) * weight; out may be x.  [n]
void rms_norm_row(const float* x, const float* weight, int64_t n, float eps, float* out);
// out = silu(gate) * up.  [n]
void swiglu_row(const float* gate, const float* up, int64_t n, float* out);
// Rotates the halves of one head in place.  x [2 half], cosine and sine [half]
void rope_head(float* x, const float* cosine, const float* sine, int64_t half);
// s = softmax(s).  [n]
void softmax_row(float* s, int64_t n);
[[nodiscard]] double dot(const float* x, const float* y, int64_t n);

// What one row's walk over the vocabulary adds up, with d = delta - shift (docs/method.md, "Divergence"):
struct DivergenceSums {
  double forward = 0;   // sum q (d e^d - e^d + 1)
  double backward = 0;  // sum q (e^d - 1 - d)
  double mean = 0;      // sum q d
  float largest = 0;    // max (log q + d)
};
// Sums over one vocabulary tile.  delta, q, log_q [n]. Relative error of `forward` and `backward` about 1e-6 whatever the size of
// delta: the terms are evaluated as d^2 times a polynomial where they would cancel. Infinite or NaN where a d is beyond 60.
[[nodiscard]] DivergenceSums divergence_tile(const float* delta, float shift, const float* q,
                                             const float* log_q, int64_t n);

// The instruction set that was chosen: "AVX2", "AVX3" ...
[[nodiscard]] std::string instruction_set();

}  // namespace tugline::cpu
