// RMSNorm of a row, and its difference, with sums in f64, for the few rows whose squares or cubes f32 cannot
// hold: a residual stream may be scaled by any power of two, and a push may be tiny. docs/method.md has the
// formulas.
#pragma once

#include <cstdint>

namespace tugline::cpu {

// A sum of squares in this range is correct in f32: terms that leave f32's range would not change its digits.
inline bool f32_holds_squares(float sum) { return sum >= 0x1p-100f && sum <= 0x1p100f; }
// In this range, the cube of its root is correct, too.
inline bool f32_holds_cubes(float sum) { return sum >= 0x1p-60f && sum <= 0x1p60f; }

// The same as rms_norm_row and rms_norm_difference_row, with sums in f64.
void wide_rms_norm_row(const float* x, const float* weight, int64_t n, float eps, float* out);
void wide_rms_norm_difference_row(const float* h, const float* d, const float* weight, int64_t n, float eps,
                                  float* out);

}  // namespace tugline::cpu
