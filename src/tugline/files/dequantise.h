// The kernels of dequantise(), one for each dtype: plain C++ that compilers vectorise. The arithmetic and its
// order are those of the formats' reference, so results are equal to the bit. Internal to files/.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tugline {

// Reads `blocks` blocks at `in` (any alignment), writes their values to `out`; the two do not overlap.
using BlockKernel = void (*)(const std::byte* in, int64_t blocks, float* out);

// Plain types: a block is one element.
void dequantise_f64(const std::byte* in, int64_t blocks, float* out);
void dequantise_f32(const std::byte* in, int64_t blocks, float* out);
void dequantise_f16(const std::byte* in, int64_t blocks, float* out);
void dequantise_bf16(const std::byte* in, int64_t blocks, float* out);
// Blocks of 32.
void dequantise_q8_0(const std::byte* in, int64_t blocks, float* out);
void dequantise_q4_0(const std::byte* in, int64_t blocks, float* out);
void dequantise_q4_1(const std::byte* in, int64_t blocks, float* out);
void dequantise_q5_0(const std::byte* in, int64_t blocks, float* out);
void dequantise_q5_1(const std::byte* in, int64_t blocks, float* out);
// Super-blocks of 256 (dequantise_k_quants.cpp).
void dequantise_q2_k(const std::byte* in, int64_t blocks, float* out);
void dequantise_q3_k(const std::byte* in, int64_t blocks, float* out);
void dequantise_q4_k(const std::byte* in, int64_t blocks, float* out);
void dequantise_q5_k(const std::byte* in, int64_t blocks, float* out);
void dequantise_q6_k(const std::byte* in, int64_t blocks, float* out);
// A table of sixteen values: blocks of 32, super-blocks of 256 (dequantise_iq4.cpp).
void dequantise_iq4_nl(const std::byte* in, int64_t blocks, float* out);
void dequantise_iq4_xs(const std::byte* in, int64_t blocks, float* out);

template <typename T>
[[nodiscard]] inline T load(const std::byte* in) {
  T value;
  std::memcpy(&value, in, sizeof value);
  return value;
}

// IEEE binary16 to binary32, exact. It selects instead of branching, so it vectorises. No intermediate value
// is a subnormal f32, so the processor's flush-to-zero modes do not change it.
[[nodiscard]] inline float half_to_float(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000U) << 16;
  const uint32_t magnitude = static_cast<uint32_t>(half & 0x7fffU) << 13;
  const uint32_t normal = magnitude + (112U << 23);   // exponent bias 15 -> 127
  const uint32_t infinite = magnitude | 0x7f800000U;  // infinities and NaNs keep their payload
  const float scaled = std::bit_cast<float>(magnitude + (113U << 23)) - std::bit_cast<float>(113U << 23);
  const uint32_t subnormal = std::bit_cast<uint32_t>(scaled);  // 2^-14 (1 + m / 2^10) - 2^-14
  uint32_t bits = magnitude < (1U << 23) ? subnormal : normal;
  bits = magnitude >= (31U << 23) ? infinite : bits;
  return std::bit_cast<float>(sign | bits);
}

[[nodiscard]] inline float load_half(const std::byte* in) { return half_to_float(load<uint16_t>(in)); }

}  // namespace tugline
