// K-quants: super-blocks of 256 values, whose groups of 32 (or 16) have small integer scales under one f16
// scale.
#include "tugline/files/dequantise.h"

namespace tugline {
namespace {

constexpr int64_t kSuper = 256;
constexpr int64_t kGroup = 32;

unsigned bits_of(std::byte packed) { return static_cast<unsigned>(packed); }

struct ScaleAndMin {
  float scale;
  float min;
};

// Twelve bytes hold eight 6-bit scales and eight 6-bit minima: groups 0 to 3 have the low 6 bits of bytes g
// and 4 + g; groups 4 to 7 have a nibble each of byte 4 + g, their two top bits above those of groups 0 to 3.
ScaleAndMin group_scale(const std::byte* packed, int64_t group) {
  if (group < 4) {
    return {static_cast<float>(bits_of(packed[group]) & 63U),
            static_cast<float>(bits_of(packed[group + 4]) & 63U)};
  }
  const unsigned both = bits_of(packed[group + 4]);
  const unsigned scale = (both & 15U) | ((bits_of(packed[group - 4]) >> 6) << 4);
  const unsigned min = (both >> 4) | ((bits_of(packed[group]) >> 6) << 4);
  return {static_cast<float>(scale), static_cast<float>(min)};
}

}  // namespace

// f16 d, dmin; 12 bytes of scales; 128 bytes: each run of 32 holds group 2c in its low nibbles, 2c + 1 in its
// high ones. x = (d scale) q - (dmin min).
void dequantise_q4_k(const std::byte* __restrict in, int64_t blocks, float* __restrict out) {
  for (; blocks > 0; --blocks, in += 144, out += kSuper) {
    const float d = load_half(in);
    const float dmin = load_half(in + 2);
    for (int64_t group = 0; group < 8; ++group) {
      const auto [scale, min] = group_scale(in + 4, group);
      const float step = d * scale;
      const float offset = dmin * min;
      const std::byte* packed = in + 16 + group / 2 * kGroup;
      const int64_t shift = group % 2 * 4;
      float* values = out + group * kGroup;
      for (int64_t j = 0; j < kGroup; ++j) {
        values[j] = step * static_cast<float>(static_cast<int>((bits_of(packed[j]) >> shift) & 15U)) - offset;
      }
    }
  }
}

// As Q4_K, with 32 bytes of fifth bits before the nibbles: bit g of byte j belongs to element j of group g.
void dequantise_q5_k(const std::byte* __restrict in, int64_t blocks, float* __restrict out) {
  for (; blocks > 0; --blocks, in += 176, out += kSuper) {
    const float d = load_half(in);
    const float dmin = load_half(in + 2);
    for (int64_t group = 0; group < 8; ++group) {
      const auto [scale, min] = group_scale(in + 4, group);
      const float step = d * scale;
      const float offset = dmin * min;
      const std::byte* fifth = in + 16;
      const std::byte* packed = in + 48 + group / 2 * kGroup;
      const int64_t shift = group % 2 * 4;
      float* values = out + group * kGroup;
      for (int64_t j = 0; j < kGroup; ++j) {
        const unsigned q = ((bits_of(packed[j]) >> shift) & 15U) | (((bits_of(fifth[j]) >> group) & 1U) << 4);
        values[j] = step * static_cast<float>(static_cast<int>(q)) - offset;
      }
    }
  }
}

// 128 bytes of low nibbles, 64 of top bit pairs, 16 x i8 scales (one for 16 values), f16 d. Each half of the
// super-block: groups 0, 1 are the low nibbles of its 64 bytes, groups 2, 3 the high ones; group g has bit
// pair g of its 32 bytes. x = (d scale) (q - 32).
void dequantise_q6_k(const std::byte* __restrict in, int64_t blocks, float* __restrict out) {
  for (; blocks > 0; --blocks, in += 210, out += kSuper) {
    const float d = load_half(in + 208);
    for (int64_t run = 0; run < 16; ++run) {  // of 16 values, under one scale
      const int64_t half = run / 8;
      const int64_t group = run % 8 / 2;
      const int64_t first = run % 2 * 16;  // within the group
      const float step = d * static_cast<float>(load<int8_t>(in + 192 + run));
      const std::byte* nibble = in + half * 64 + group % 2 * kGroup + first;
      const std::byte* pair = in + 128 + half * kGroup + first;
      float* values = out + run * 16;
      for (int64_t j = 0; j < 16; ++j) {
        const unsigned low = (bits_of(nibble[j]) >> (group / 2 * 4)) & 15U;
        const unsigned top = (bits_of(pair[j]) >> (group * 2)) & 3U;
        values[j] = step * static_cast<float>(static_cast<int>(low | (top << 4)) - 32);
      }
    }
  }
}

}  // namespace tugline
