#include "tugline/model/config.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <tuple>

#include "tugline/core/content_hash.h"
#include "tugline/core/error.h"

namespace tugline {
namespace {

// Far beyond any model, and every product of two sizes stays inside 64 bits.
constexpr int64_t kLargestSize = int64_t{1} << 24;

void require_positive(int64_t value, const char* field, const std::string& path) {
  if (value <= 0 || value > kLargestSize)
    fail(ErrorCode::kInput, "{}: {} is {}; expected a positive number", path, field, value);
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
    case Architecture::kOlmo2:
      return "Olmo2ForCausalLM";
    case Architecture::kGptNeox:
      return "GPTNeoXForCausalLM";
  }
  return "unknown";
}

ModelConfig family_config(Architecture architecture) {
  ModelConfig config;
  config.architecture = architecture;
  if (architecture == Architecture::kQwen3) config.qk_norm = QkNorm::kEachHead;
  if (architecture == Architecture::kOlmo2) {
    config.norm = NormKind::kRmsRoundedOnce;
    config.norm_eps = 1e-5;
    config.norm_placement = NormPlacement::kAfterBlocks;
    config.qk_norm = QkNorm::kWhole;
  }
  if (architecture == Architecture::kGptNeox) {
    config.norm = NormKind::kLayer;
    config.norm_eps = 1e-5;
    config.blocks = Blocks::kParallel;
    config.activation = Activation::kGelu;
    config.mlp_bias = true;
  }
  return config;
}

std::string_view norm_eps_name(NormKind norm) {
  return norm == NormKind::kLayer ? "layer_norm_eps" : "rms_norm_eps";
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
  if (config.sliding_window) require_positive(config.sliding_window->width, "sliding_window", path);
  if (config.num_heads % config.num_kv_heads != 0)
    fail(ErrorCode::kInput, "{}: num_attention_heads is {}, which num_key_value_heads, {}, does not divide",
         path, config.num_heads, config.num_kv_heads);
  if (config.head_dim % 2 != 0)
    fail(ErrorCode::kInput, "{}: head_dim is {}; RoPE needs an even one", path, config.head_dim);
  // Smaller is 0 in f32, and the norm of a row of zeros then 0 / 0.
  if (!(config.norm_eps >= std::numeric_limits<float>::min()) || !(config.norm_eps < 1))
    fail(ErrorCode::kInput, "{}: {} is {}; expected a small positive number", path,
         norm_eps_name(config.norm), config.norm_eps);
  check_rope(config.rope, config.head_dim, path);
}

int64_t positions_after_scaling(const ModelConfig& config) {
  if (config.max_positions == 0 || config.rope.scaling != RopeScaling::kYarn) return config.max_positions;
  const double stretched = config.rope.factor * config.rope.original_max_position_embeddings;
  return std::max(config.max_positions,
                  static_cast<int64_t>(std::min(stretched, static_cast<double>(kLargestSize))));
}

namespace {

// A part that the first families lack: it changes the hash only where it is there, so that their older runs
// can be resumed.
void add_part(ContentHash& hash, std::string_view name, int64_t value) {
  if (value == 0) return;
  hash.add_text(name);
  hash.add_number(static_cast<uint64_t>(value));
}

void add_rope(ContentHash& hash, const RopeConfig& rope, double norm_eps) {
  const auto& [rotary_dim, theta, scaling, factor, low_freq_factor, high_freq_factor,
               original_max_position_embeddings, beta_fast, beta_slow, truncate, attention_factor,
               frequency_divisors] = rope;
  hash.add_number(static_cast<uint64_t>(scaling));
  for (const double number :
       {norm_eps, theta, factor, low_freq_factor, high_freq_factor, original_max_position_embeddings})
    hash.add_number(std::bit_cast<uint64_t>(number));
  if (scaling ==
      RopeScaling::kYarn)  // so that runs of other models, from before there was yarn, can be resumed
    for (const double number : {beta_fast, beta_slow, truncate ? 1.0 : 0.0, attention_factor})
      hash.add_number(std::bit_cast<uint64_t>(number));
  for (const float divisor : frequency_divisors) hash.add_number(std::bit_cast<uint32_t>(divisor));
  if (rotary_dim) add_part(hash, "rotary_dim", *rotary_dim);
}

}  // namespace

uint64_t hash_of(const ModelConfig& config) {
  // All fields by name: one more, and this does not compile.
  const auto& [architecture, name, hidden_size, intermediate_size, num_layers, num_heads, num_kv_heads,
               head_dim, vocab_size, max_positions, sliding_window, norm_eps, rope, tied_head, qkv_bias,
               output_bias, mlp_bias, norm, norm_placement, qk_norm, blocks, activation, warnings] = config;
  static_cast<void>(std::tie(name, max_positions, warnings));  // decide no number
  ContentHash hash;
  hash.add_text(name_of(architecture));
  for (const int64_t size :
       {hidden_size, intermediate_size, num_layers, num_heads, num_kv_heads, head_dim, vocab_size})
    hash.add_number(static_cast<uint64_t>(size));
  for (const bool part : {tied_head, qkv_bias, output_bias, mlp_bias, qk_norm != QkNorm::kNone})
    hash.add_number(part ? 1 : 0);
  add_rope(hash, rope, norm_eps);
  add_part(hash, "norm", static_cast<int64_t>(norm));
  add_part(hash, "norm_placement", static_cast<int64_t>(norm_placement));
  add_part(hash, "whole qk_norm", qk_norm == QkNorm::kWhole ? 1 : 0);
  add_part(hash, "blocks", static_cast<int64_t>(blocks));
  add_part(hash, "activation", static_cast<int64_t>(activation));
  if (sliding_window && sliding_window->is_certain()) {
    add_part(hash, "sliding_window", sliding_window->width);
    add_part(hash, "sliding_window from", sliding_window->first_layer.value_or(-1));
    for (const bool has_it : sliding_window->listed) hash.add_number(has_it ? 1 : 0);
  }
  return hash.value();
}

}  // namespace tugline
