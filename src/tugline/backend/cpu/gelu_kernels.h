// GELU and its difference on contiguous f32 (Highway, chosen at run time). Single-threaded; called from
// inside the CPU backend's parallel loops. The formulas are docs/method.md's, "Difference propagation".
#pragma once

#include <cstdint>

namespace tugline::cpu {

// out = x Phi(x), Phi being the normal distribution function.  [n]
void gelu_row(const float* x, int64_t n, float* out);
// out = gelu(x + d) - gelu(x); out may be d.  [n]
void gelu_difference_row(const float* x, const float* d, int64_t n, float* out);

}  // namespace tugline::cpu
