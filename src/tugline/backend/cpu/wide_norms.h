// RMSNorm of a row, and its difference, with sums in f64: for the few rows whose squares or cubes f32 does not hold. A residual stream may be
// scaled by any power of two, and a push may be tiny. The formulas are docs/method.md's.
#pragma once

#include <cstdint>

namespace tugline::cpu {

// Where a sum of squares is in this range, it has lost nothing to f32's: terms that leave the range are no part of its digits.
inline bool f32_holds_squares(float sum) { return sum >= 0x1p-100f && sum <= 0x1p100f; }
// And so has the cube of its root.
inline bool f32_holds_cubes(float sum) { return sum >= 0x1p-60f && sum <= 0x1p60f; }

// As rms_norm_row, rms_norm_difference_row.
void wide_rms_norm_row(const float* x, const float* weight, int64_t n, float eps, float* out);
void wide_rms_norm_difference_row(const float* h, const float* d, const float* weight, int64_t n, float eps,
                                  float* out);

}  // namespace tugline::cpu
