// Rotary position embedding (Su et al. 2021): its settings in the files, checks of them, and the frequencies
// and the factor that follow. Equations: docs/method.md, "Rotary embedding".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tugline {

enum class RopeScaling { kNone, kLinear, kLlama3, kYarn };

[[nodiscard]] std::string_view name_of(RopeScaling scaling);  // "none", "linear", "llama3", "yarn"

// Non-interleaved halves as the hub's checkpoints have them.
struct RopeConfig {
  // The number of each head's first columns that are rotated, d_h in the frequencies; no value: all of them.
  // If it is odd one column more is rotated, as in transformers.
  std::optional<int64_t> rotary_dim;
  double theta = 10000.0;  // rope_theta
  RopeScaling scaling = RopeScaling::kNone;
  double factor = 1.0;
  // llama3 only:
  double low_freq_factor = 1.0;
  double high_freq_factor = 4.0;
  // llama3 and yarn: tokens of context before scaling
  double original_max_position_embeddings = 8192;
  // yarn only: rotations within the original context above which a frequency is kept, and below which it is
  // divided by `factor`; whether the indices between which it changes over are rounded outwards
  double beta_fast = 32;
  double beta_slow = 1;
  bool truncate = true;
  // Multiplies cosines and sines, so each score grows by its square. It is 1 except for yarn.
  double attention_factor = 1;
  // rope_freqs.weight of a GGUF (divisors of the frequencies), [half of the rotated columns]; empty if there
  // is none
  std::vector<float> frequency_divisors;

  [[nodiscard]] int64_t rotated_columns(int64_t head_dim) const {
    return (rotary_dim.value_or(head_dim) + 1) / 2 * 2;
  }
  bool operator==(const RopeConfig&) const = default;
};

// YaRN's attention factor for a context that is `factor` times as long: 0.1 mscale ln(factor) + 1.
[[nodiscard]] double yarn_attention_factor(double factor, double mscale = 1);

// Throws Error that names `path` and the setting with an impossible value. `head_dim` is positive and even.
void check_rope(const RopeConfig& rope, int64_t head_dim, const std::string& path);

// Inverse frequencies [half of the rotated columns] after scaling, radians a token, f64.
[[nodiscard]] std::vector<double> rope_inverse_frequencies(const RopeConfig& rope, int64_t head_dim);

}  // namespace tugline
