// Rounds to bf16, the upper half of an f32, to nearest and ties to even. A rounded number is kept as the 16
// bits that oneDNN's bf16 products read, or as the f32 of the same value for products that emulate them.
// (Highway, chosen at run time.)
#pragma once

#include <cstdint>

#include "tugline/backend/backend.h"

namespace tugline::cpu {

// How the results of an operation are stored: unchanged, or rounded to bf16.
enum class Stores { kF32, kRoundedToBf16 };

// out = bf16(x), as the f32 of the same value; out may be x. Infinities and NaN do not change.  [n]
void round_to_bf16_row(const float* x, int64_t n, float* out);
// out = the bits of bf16(x).  [n]
void pack_bf16_row(const float* x, int64_t n, uint16_t* out);

// The same map with rounded weight and bias.
[[nodiscard]] LinearSource rounded_to_bf16(LinearSource source);

}  // namespace tugline::cpu
