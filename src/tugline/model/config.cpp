#include "tugline/model/config.h"

#include <bit>
#include <cmath>
#include <numbers>

#include "tugline/core/content_hash.h"
#include "tugline/core/error.h"

namespace tugline {
namespace {

void require_positive(int64_t value, const char* field, const std::string& path) {
  // 2^24 is far beyond any model and keeps every product of two sizes inside 64 bits.
  if (value <= 0 || value > (int64_t{1} << 24))
    fail(ErrorCode::kInput, "{}: {} is {}; expected a positive number", path, field, value);
}

// The piecewise rule of Llama 3.1: long wavelengths are stretched by `factor`, short ones kept, and those between
// interpolated by how many times they fit into the original context.
double llama3_scaled(double frequency, const RopeConfig& rope) {
  const double wavelength = 2 * std::numbers::pi / frequency;
  const double turns = rope.original_max_position_embeddings / wavelength;
  if (turns < rope.low_freq_factor) return frequency / rope.factor;
  if (turns > rope.high_freq_factor) return frequency;
  const double smooth = (turns - rope.low_freq_factor) / (rope.high_freq_factor - rope.low_freq_factor);
  return (1 - smooth) * frequency / rope.factor + smooth * frequency;
}

double scaled(double frequency, const RopeConfig& rope) {
  switch (rope.scaling) {
    case RopeScaling::kNone:
      return frequency;
    case RopeScaling::kLinear:
      return frequency / rope.factor;
    case RopeScaling::kLlama3:
      return llama3_scaled(frequency, rope);
  }
  return frequency;
}

}  // namespace

std::string_view name_of(Architecture architecture) {
  switch (architecture) {
    case Architecture::kLlama:
      return "LlamaForCausalLM";
    case Architecture::kQwen2:
      return "Qwen2ForCausalLM";
    case Architecture::kQwen3:
      return "Qwen3ForCausalLM";
    case Architecture::kMistral:
      return "MistralForCausalLM";
  }
  return "unknown";
}

void check_config(const ModelConfig& config, const std::string& path) {
  require_positive(config.hidden_size, "hidden_size", path);
  require_positive(config.intermediate_size, "intermediate_size", path);
  require_positive(config.num_layers, "num_hidden_layers", path);
  require_positive(config.num_heads, "num_attention_heads", path);
  require_positive(config.num_kv_heads, "num_key_value_heads", path);
  require_positive(config.head_dim, "head_dim", path);
  require_positive(config.vocab_size, "vocab_size", path);
  if (config.max_positions != 0) require_positive(config.max_positions, "max_position_embeddings", path);
  if (config.sliding_window) require_positive(*config.sliding_window, "sliding_window", path);
  if (config.num_heads % config.num_kv_heads != 0)
    fail(ErrorCode::kInput, "{}: num_attention_heads is {}, which num_key_value_heads, {}, does not divide",
         path, config.num_heads, config.num_kv_heads);
  if (config.head_dim % 2 != 0)
    fail(ErrorCode::kInput, "{}: head_dim is {}; RoPE needs an even one", path, config.head_dim);
  if (!(config.rms_norm_eps > 0) || !(config.rms_norm_eps < 1))
    fail(ErrorCode::kInput, "{}: rms_norm_eps is {}; expected a small positive number", path,
         config.rms_norm_eps);
  if (!(config.rope.theta > 0) || !std::isfinite(config.rope.theta))
    fail(ErrorCode::kInput, "{}: rope_theta is {}; expected a positive number", path, config.rope.theta);
  if (!(config.rope.factor > 0) || !std::isfinite(config.rope.factor))
    fail(ErrorCode::kInput, "{}: the RoPE scaling factor is {}; expected a positive number", path,
         config.rope.factor);
  if (config.rope.scaling == RopeScaling::kLlama3 &&
      !(config.rope.high_freq_factor > config.rope.low_freq_factor))
    fail(ErrorCode::kInput, "{}: high_freq_factor ({}) must be larger than low_freq_factor ({})", path,
         config.rope.high_freq_factor, config.rope.low_freq_factor);
  if (!(config.rope.original_max_position_embeddings > 0))
    fail(ErrorCode::kInput, "{}: original_max_position_embeddings is {}; expected a positive number", path,
         config.rope.original_max_position_embeddings);
}

uint64_t hash_of(const ModelConfig& config) {
  ContentHash hash;
  hash.add_text(name_of(config.architecture));
  for (const int64_t size : {config.hidden_size, config.intermediate_size, config.num_layers,
                             config.num_heads, config.num_kv_heads, config.head_dim, config.vocab_size})
    hash.add_number(static_cast<uint64_t>(size));
  for (const bool part :
       {config.tied_head, config.qkv_bias, config.output_bias, config.mlp_bias, config.qk_norm})
    hash.add_number(part ? 1 : 0);
  const RopeConfig& rope = config.rope;
  hash.add_number(static_cast<uint64_t>(rope.scaling));
  for (const double number : {config.rms_norm_eps, rope.theta, rope.factor, rope.low_freq_factor,
                              rope.high_freq_factor, rope.original_max_position_embeddings})
    hash.add_number(std::bit_cast<uint64_t>(number));
  for (const float divisor : rope.frequency_divisors) hash.add_number(std::bit_cast<uint32_t>(divisor));
  return hash.value();
}

std::vector<double> rope_inverse_frequencies(const ModelConfig& config) {
  std::vector<double> frequencies(static_cast<size_t>(config.head_dim / 2));
  for (size_t i = 0; i < frequencies.size(); ++i) {
    const double exponent = 2.0 * static_cast<double>(i) / static_cast<double>(config.head_dim);
    frequencies[i] = scaled(std::pow(config.rope.theta, -exponent), config.rope);
    if (!config.rope.frequency_divisors.empty()) frequencies[i] /= config.rope.frequency_divisors[i];
  }
  return frequencies;
}

}  // namespace tugline
