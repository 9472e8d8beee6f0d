#include "tugline/model/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tugline/core/error.h"

namespace tugline {
namespace {

// Far beyond any model's.
constexpr double kLargestFactor = 0x1p24;
constexpr double kLargestFrequency = 0x1p20;

// The piecewise rule of Llama 3.1: long wavelengths are stretched by `factor`, short ones kept, and those
// between interpolated by how many times they fit into the original context.
double llama3_scaled(double frequency, const RopeConfig& rope) {
  const double wavelength = 2 * std::numbers::pi / frequency;
  const double turns = rope.original_max_position_embeddings / wavelength;
  if (turns < rope.low_freq_factor) return frequency / rope.factor;
  if (turns > rope.high_freq_factor) return frequency;
  const double smooth = (turns - rope.low_freq_factor) / (rope.high_freq_factor - rope.low_freq_factor);
  return (1 - smooth) * frequency / rope.factor + smooth * frequency;
}

// The indices of frequencies between which YaRN changes over.
struct YarnRange {
  double low;
  double high;
};

YarnRange yarn_range(const RopeConfig& rope, int64_t head_dim) {
  const auto dim = static_cast<double>(head_dim);
  // The index, not rounded, of the frequency that makes this number of turns within the original context.
  const auto index_of = [&](double rotations) {
    const double turns = rope.original_max_position_embeddings / (rotations * 2 * std::numbers::pi);
    return dim * std::log(turns) / (2 * std::log(rope.theta));
  };
  const double low = index_of(rope.beta_fast);
  const double high = index_of(rope.beta_slow);
  return {std::max(rope.truncate ? std::floor(low) : low, 0.0),
          std::min(rope.truncate ? std::ceil(high) : high, dim - 1)};
}

double yarn_scaled(double frequency, size_t index, YarnRange range, double factor) {
  const double width =
      range.high == range.low ? 0.001 : range.high - range.low;  // as the reference avoids 0 / 0
  const double ramp = std::clamp((static_cast<double>(index) - range.low) / width, 0.0, 1.0);
  return frequency / factor * ramp + frequency * (1 - ramp);
}

std::vector<double> scaled_frequencies(const RopeConfig& rope, int64_t head_dim) {
  std::vector<double> frequencies(static_cast<size_t>((head_dim + 1) / 2));
  const YarnRange range =
      rope.scaling == RopeScaling::kYarn ? yarn_range(rope, head_dim) : YarnRange{.low = 0, .high = 0};
  for (size_t i = 0; i < frequencies.size(); ++i) {
    const double exponent = 2.0 * static_cast<double>(i) / static_cast<double>(head_dim);
    double& frequency = frequencies[i];
    frequency = std::pow(rope.theta, -exponent);
    switch (rope.scaling) {
      case RopeScaling::kNone:
        break;
      case RopeScaling::kLinear:
        frequency /= rope.factor;
        break;
      case RopeScaling::kLlama3:
        frequency = llama3_scaled(frequency, rope);
        break;
      case RopeScaling::kYarn:
        frequency = yarn_scaled(frequency, i, range, rope.factor);
        break;
    }
  }
  return frequencies;
}

void require_positive(double value, const char* name, const std::string& path) {
  if (!(value > 0) || !std::isfinite(value))
    fail(ErrorCode::kInput, "{}: {} is {}; expected a positive number", path, name, value);
}

void check_llama3(const RopeConfig& rope, const std::string& path) {
  require_positive(rope.low_freq_factor, "low_freq_factor", path);
  require_positive(rope.high_freq_factor, "high_freq_factor", path);
  if (!(rope.high_freq_factor > rope.low_freq_factor))
    fail(ErrorCode::kInput, "{}: high_freq_factor ({}) must be larger than low_freq_factor ({})", path,
         rope.high_freq_factor, rope.low_freq_factor);
}

void check_yarn(const RopeConfig& rope, int64_t head_dim, const std::string& path) {
  require_positive(rope.beta_fast, "beta_fast", path);
  require_positive(rope.beta_slow, "beta_slow", path);
  if (rope.beta_fast < rope.beta_slow)
    fail(ErrorCode::kInput, "{}: beta_fast ({}) must not be smaller than beta_slow ({})", path,
         rope.beta_fast, rope.beta_slow);
  if (!(rope.theta > 1))
    fail(ErrorCode::kInput, "{}: rope_theta is {}; yarn needs more than 1", path, rope.theta);
  const YarnRange range = yarn_range(rope, head_dim);
  if (!(range.high >= range.low))
    fail(ErrorCode::kInput,
         "{}: yarn's range of frequencies is empty, from {} to {}: original_max_position_embeddings ({}) "
         "does not fit "
         "rope_theta ({})",
         path, range.low, range.high, rope.original_max_position_embeddings, rope.theta);
}

}  // namespace

std::string_view name_of(RopeScaling scaling) {
  switch (scaling) {
    case RopeScaling::kNone:
      return "none";
    case RopeScaling::kLinear:
      return "linear";
    case RopeScaling::kLlama3:
      return "llama3";
    case RopeScaling::kYarn:
      return "yarn";
  }
  return "none";
}

double yarn_attention_factor(double factor, double mscale) {
  return factor <= 1 ? 1.0 : 0.1 * mscale * std::log(factor) + 1.0;
}

void check_rope(const RopeConfig& rope, int64_t head_dim, const std::string& path) {
  const int64_t rotated = rope.rotary_dim.value_or(head_dim);
  if (rotated <= 0 || rope.rotated_columns(head_dim) > head_dim)
    fail(ErrorCode::kInput, "{}: RoPE rotates {} columns of a head; expected a number from 1 to {}", path,
         rotated, head_dim);
  if (rotated % 2 != 0 && rope.scaling == RopeScaling::kYarn)
    fail(ErrorCode::kUnsupported,
         "{}: RoPE of type yarn rotates {} columns of a head; expected an even number", path, rotated);
  require_positive(rope.theta, "rope_theta", path);
  if (!(rope.factor >= 1) || !(rope.factor <= kLargestFactor))
    fail(ErrorCode::kInput, "{}: the RoPE scaling factor is {}; expected a number from 1 to 2^24", path,
         rope.factor);
  require_positive(rope.original_max_position_embeddings, "original_max_position_embeddings", path);
  require_positive(rope.attention_factor, "attention_factor", path);
  if (rope.attention_factor > kLargestFactor || rope.attention_factor < 1 / kLargestFactor)
    fail(ErrorCode::kInput, "{}: attention_factor is {}; expected a number from 2^-24 to 2^24", path,
         rope.attention_factor);
  if (rope.scaling == RopeScaling::kLlama3) check_llama3(rope, path);
  if (rope.scaling == RopeScaling::kYarn) check_yarn(rope, rotated, path);
  for (const double frequency : rope_inverse_frequencies(rope, head_dim))
    if (!std::isnormal(frequency) || frequency > kLargestFrequency)
      fail(ErrorCode::kInput,
           "{}: rope_theta ({}) and the RoPE scaling give a frequency of {}; expected at most 1 radian a "
           "token",
           path, rope.theta, frequency);
}

std::vector<double> rope_inverse_frequencies(const RopeConfig& rope, int64_t head_dim) {
  std::vector<double> frequencies = scaled_frequencies(rope, rope.rotary_dim.value_or(head_dim));
  for (size_t i = 0; i < rope.frequency_divisors.size(); ++i) frequencies.at(i) /= rope.frequency_divisors[i];
  return frequencies;
}

}  // namespace tugline
