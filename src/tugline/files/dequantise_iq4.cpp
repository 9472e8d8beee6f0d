// IQ4_NL and IQ4_XS: four bits choose one of sixteen values that lie closer together near zero.
#include <array>

#include "tugline/files/dequantise.h"

namespace tugline {
namespace {

constexpr int64_t kBlock = 32;
constexpr int64_t kSuper = 256;

// The formats' table, a part of their definition.
constexpr std::array<float, 16> kLevels{-127, -104, -83, -65, -49, -35, -22, -10,
                                        1,    13,   25,  38,  53,  69,  89,  113};

// 16 bytes hold 32 values: byte j has element j in its low nibble and 16 + j in its high one.
void dequantise_levels(const std::byte* __restrict packed, float step, float* __restrict out) {
  for (int64_t j = 0; j < kBlock / 2; ++j) {
    const auto bits = static_cast<unsigned>(packed[j]);
    out[j] = step * kLevels[bits & 15U];
    out[j + kBlock / 2] = step * kLevels[bits >> 4];
  }
}

}  // namespace

// f16 d; 16 bytes of nibbles. x = d level.
void dequantise_iq4_nl(const std::byte* __restrict in, int64_t blocks, float* __restrict out) {
  for (; blocks > 0; --blocks, in += 18, out += kBlock) dequantise_levels(in + 2, load_half(in), out);
}

// f16 d; u16 with the two top bits of the eight groups' scales; 4 bytes with their low nibbles, two a byte;
// 128 bytes of nibbles. Scales count from -32. x = (d scale) level.
void dequantise_iq4_xs(const std::byte* __restrict in, int64_t blocks, float* __restrict out) {
  for (; blocks > 0; --blocks, in += 136, out += kSuper) {
    const float d = load_half(in);
    const unsigned top_bits = load<uint16_t>(in + 2);
    for (int64_t group = 0; group < kSuper / kBlock; ++group) {
      const unsigned low = (static_cast<unsigned>(in[4 + group / 2]) >> (group % 2 * 4)) & 15U;
      const unsigned top = (top_bits >> (group * 2)) & 3U;
      const float step = d * static_cast<float>(static_cast<int>(low | (top << 4)) - 32);
      dequantise_levels(in + 8 + group * kBlock / 2, step, out + group * kBlock);
    }
  }
}

}  // namespace tugline
