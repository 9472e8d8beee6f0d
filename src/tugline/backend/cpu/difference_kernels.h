// Vector kernels of the operations on differences, on contiguous f32 (Highway, chosen at run time).
// Single-threaded; called from inside the CPU backend's parallel loops. The formulas are docs/method.md's,
// "Difference propagation".
#pragma once

#include <cstdint>

namespace tugline::cpu {

// out = norm(h + d) - norm(h) for one row; out may be d.  h, d, weight, out [n]
void rms_norm_difference_row(const float* h, const float* d, const float* weight, int64_t n, float eps,
                             float* out);

// Replaces s, the differences of the scores that one row sees, by dP, the change of its attention weights p.
// p, s [n]
void softmax_difference_row(const float* p, float* s, int64_t n);

// The base's part of one row: gate and up, sigma(gate), sigma(-gate).  [n] each
struct SwigluBaseRow {
  const float* gate;
  const float* up;
  const float* sigma;
  const float* sigma_minus;
};
// out = swiglu(base + d) - swiglu(base).  d_gate, d_up, out [n]
void swiglu_difference_row(const SwigluBaseRow& base, const float* d_gate, const float* d_up, int64_t n,
                           float* out);

// out = x + y.  [n]
void add_rows(const float* x, const float* y, int64_t n, float* out);

}  // namespace tugline::cpu
