#include "tugline/files/dequantise.h"

namespace tugline {
namespace {

// Compilers vectorise a loop of known length at every optimisation level; so do long runs in strips of this
// many.
constexpr int64_t kStrip = 64;

template <typename T, typename Convert>
void convert_elements(const std::byte* __restrict in, int64_t count, float* __restrict out, Convert convert) {
  int64_t i = 0;
  for (; i + kStrip <= count; i += kStrip) {
    for (int64_t j = 0; j < kStrip; ++j) {
      out[i + j] = convert(load<T>(in + (i + j) * static_cast<int64_t>(sizeof(T))));
    }
  }
  for (; i < count; ++i) out[i] = convert(load<T>(in + i * static_cast<int64_t>(sizeof(T))));
}

constexpr int64_t kBlock = 32;
constexpr int64_t kHalf = kBlock / 2;

// Nibbles: byte j of 16 holds element j low and element 16 + j high.
struct Nibbles {
  int low;
  int high;
};

Nibbles nibbles(std::byte packed) {
  const auto bits = static_cast<unsigned>(packed);
  return {static_cast<int>(bits & 15U), static_cast<int>(bits >> 4)};
}

// The same with a fifth bit each: bit j of `fifth` belongs to element j.
Nibbles five_bits(std::byte packed, uint32_t fifth, int64_t j) {
  const auto [low, high] = nibbles(packed);
  return {low | static_cast<int>(((fifth >> j) & 1U) << 4),
          high | static_cast<int>(((fifth >> (j + kHalf)) & 1U) << 4)};
}

}  // namespace

void dequantise_f64(const std::byte* in, int64_t blocks, float* out) {
  convert_elements<double>(in, blocks, out, [](double value) { return static_cast<float>(value); });
}

void dequantise_f32(const std::byte* in, int64_t blocks, float* out) {
  std::memcpy(out, in, static_cast<size_t>(blocks) * sizeof(float));
}

void dequantise_f16(const std::byte* in, int64_t blocks, float* out) {
  convert_elements<uint16_t>(in, blocks, out, half_to_float);
}

void dequantise_bf16(const std::byte* in, int64_t blocks, float* out) {
  convert_elements<uint16_t>(
      in, blocks, out, [](uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); });
}

// f16 d; 32 x i8. x = q d.
void dequantise_q8_0(const std::byte* __restrict in, int64_t blocks, float* __restrict out) {
  for (; blocks > 0; --blocks, in += 34, out += kBlock) {
    const float d = load_half(in);
    for (int64_t j = 0; j < kBlock; ++j) out[j] = static_cast<float>(load<int8_t>(in + 2 + j)) * d;
  }
}

// f16 d; 16 bytes of nibbles. x = d (q - 8).
void dequantise_q4_0(const std::byte* __restrict in, int64_t blocks, float* __restrict out) {
  for (; blocks > 0; --blocks, in += 18, out += kBlock) {
    const float d = load_half(in);
    for (int64_t j = 0; j < kHalf; ++j) {
      const auto [low, high] = nibbles(in[2 + j]);
      out[j] = d * static_cast<float>(low - 8);
      out[j + kHalf] = d * static_cast<float>(high - 8);
    }
  }
}

// f16 d, m; 16 bytes of nibbles. x = d q + m.
void dequantise_q4_1(const std::byte* __restrict in, int64_t blocks, float* __restrict out) {
  for (; blocks > 0; --blocks, in += 20, out += kBlock) {
    const float d = load_half(in);
    const float m = load_half(in + 2);
    for (int64_t j = 0; j < kHalf; ++j) {
      const auto [low, high] = nibbles(in[4 + j]);
      out[j] = d * static_cast<float>(low) + m;
      out[j + kHalf] = d * static_cast<float>(high) + m;
    }
  }
}

// f16 d; u32 of fifth bits; 16 bytes of nibbles. x = d (q - 16).
void dequantise_q5_0(const std::byte* __restrict in, int64_t blocks, float* __restrict out) {
  for (; blocks > 0; --blocks, in += 22, out += kBlock) {
    const float d = load_half(in);
    const auto fifth = load<uint32_t>(in + 2);
    for (int64_t j = 0; j < kHalf; ++j) {
      const auto [low, high] = five_bits(in[6 + j], fifth, j);
      out[j] = d * static_cast<float>(low - 16);
      out[j + kHalf] = d * static_cast<float>(high - 16);
    }
  }
}

// f16 d, m; u32 of fifth bits; 16 bytes of nibbles. x = d q + m.
void dequantise_q5_1(const std::byte* __restrict in, int64_t blocks, float* __restrict out) {
  for (; blocks > 0; --blocks, in += 24, out += kBlock) {
    const float d = load_half(in);
    const float m = load_half(in + 2);
    const auto fifth = load<uint32_t>(in + 4);
    for (int64_t j = 0; j < kHalf; ++j) {
      const auto [low, high] = five_bits(in[8 + j], fifth, j);
      out[j] = d * static_cast<float>(low) + m;
      out[j + kHalf] = d * static_cast<float>(high) + m;
    }
  }
}

}  // namespace tugline
