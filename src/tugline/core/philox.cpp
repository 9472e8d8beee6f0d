#include "tugline/core/philox.h"

#include <Random123/philox.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace tugline {
namespace {

using Block = std::array<double, 4>;

std::array<uint32_t, 4> word_block(PhiloxStream stream, uint64_t block) {
  const r123::Philox4x32 generator;
  const r123::Philox4x32::ctr_type counter{{static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32),
                                            static_cast<uint32_t>(stream.stream),
                                            static_cast<uint32_t>(stream.stream >> 32)}};
  const r123::Philox4x32::key_type key{
      {static_cast<uint32_t>(stream.key), static_cast<uint32_t>(stream.key >> 32)}};
  const auto bits = generator(counter, key);
  return {bits.v[0], bits.v[1], bits.v[2], bits.v[3]};
}

// Four uniforms: (u + 0.5) / 2^32 keeps clear of 0 and 1, so the logarithm below is finite.
Block uniform_block(PhiloxStream stream, uint64_t block) {
  const auto words = word_block(stream, block);
  Block uniforms;
  for (size_t i = 0; i < uniforms.size(); ++i) uniforms[i] = (words[i] + 0.5) * 0x1p-32;
  return uniforms;
}

Block normal_block(PhiloxStream stream, uint64_t block) {
  const Block u = uniform_block(stream, block);
  Block normals;
  for (size_t i = 0; i < 4; i += 2) {
    const double radius = std::sqrt(-2.0 * std::log(u[i]));
    const double angle = 2.0 * std::numbers::pi * u[i + 1];
    normals[i] = radius * std::cos(angle);
    normals[i + 1] = radius * std::sin(angle);
  }
  return normals;
}

template <typename MakeBlock>
void fill(std::span<double> out, MakeBlock make_block) {
  for (size_t begin = 0; begin < out.size(); begin += 4) {
    const Block block = make_block(static_cast<uint64_t>(begin / 4));
    const size_t count = std::min<size_t>(4, out.size() - begin);
    std::copy_n(block.begin(), count, out.begin() + static_cast<std::ptrdiff_t>(begin));
  }
}

}  // namespace

void fill_normals(PhiloxStream stream, std::span<double> out) {
  fill(out, [&](uint64_t block) { return normal_block(stream, block); });
}

void fill_uniforms(PhiloxStream stream, std::span<double> out) {
  fill(out, [&](uint64_t block) { return uniform_block(stream, block); });
}

uint32_t PhiloxSequence::below(uint32_t bound) {
  if (next_ == words_.size()) {
    words_ = word_block(stream_, block_++);
    next_ = 0;
  }
  return static_cast<uint32_t>((uint64_t{words_[next_++]} * bound) >> 32);
}

}  // namespace tugline
