// K-quants: super-blocks of 256 values, whose groups of 32 (or 16) have small integer scales under one f16
// scale.
#include "tugline/files/dequantise.h"

namespace tugline {
namespace {

constexpr int64_t kSuper = 256;
constexpr int64_t kGroup = 32;
constexpr int64_t kRun = 16;  // Q2_K, Q3_K and Q6_K have a scale for each run of this many values

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

// Two bits for each of 256 values: bytes 0 to 31 hold groups 0 to 3, bytes 32 to 63 groups 4 to 7, a group in
// the same pair of bits of each byte. Element j of a run of 16.
unsigned two_bits(const std::byte* packed, int64_t run, int64_t j) {
  const int64_t group = run / 2;
  return (bits_of(packed[group / 4 * kGroup + run % 2 * kRun + j]) >> (group % 4 * 2)) & 3U;
}

// Sixteen 6-bit scales of Q3_K in twelve bytes: the low nibbles of runs 0 to 7, then of 8 to 15, are those of
// bytes 0 to 7; run r has its two top bits in pair r / 4 of byte 8 + r % 4. They count from -32.
float signed_scale(const std::byte* packed, int64_t run) {
  const unsigned low = (bits_of(packed[run % 8]) >> (run / 8 * 4)) & 15U;
  const unsigned top = (bits_of(packed[8 + run % 4]) >> (run / 4 * 2)) & 3U;
  return static_cast<float>(static_cast<int>(low | (top << 4)) - 32);
}

}  // namespace

// 16 bytes with a run's scale in the low nibble and its minimum in the high one; 64 bytes of bit pairs; f16
// d, dmin. x = (d scale) q - (dmin min).
void dequantise_q2_k(const std::byte* __restrict in, int64_t blocks, float* __restrict out) {
  for (; blocks > 0; --blocks, in += 84, out += kSuper) {
    const float d = load_half(in + 80);
    const float dmin = load_half(in + 82);
    for (int64_t run = 0; run < kSuper / kRun; ++run) {
      const float step = d * static_cast<float>(bits_of(in[run]) & 15U);
      const float offset = dmin * static_cast<float>(bits_of(in[run]) >> 4);
      float* values = out + run * kRun;
      for (int64_t j = 0; j < kRun; ++j) {
        values[j] = step * static_cast<float>(static_cast<int>(two_bits(in + 16, run, j))) - offset;
      }
    }
  }
}

// 32 bytes of third bits: bit g of byte j belongs to element j of group g; 64 bytes of bit pairs; 12 bytes of
// scales; f16 d. x = (d scale) (q - 4).
void dequantise_q3_k(const std::byte* __restrict in, int64_t blocks, float* __restrict out) {
  for (; blocks > 0; --blocks, in += 110, out += kSuper) {
    const float d = load_half(in + 108);
    for (int64_t run = 0; run < kSuper / kRun; ++run) {
      const float step = d * signed_scale(in + 96, run);
      const std::byte* third = in + run % 2 * kRun;
      float* values = out + run * kRun;
      for (int64_t j = 0; j < kRun; ++j) {
        const unsigned q = two_bits(in + 32, run, j) | (((bits_of(third[j]) >> (run / 2)) & 1U) << 2);
        values[j] = step * static_cast<float>(static_cast<int>(q) - 4);
      }
    }
  }
}

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
