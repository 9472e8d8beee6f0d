// The configuration in GGUF metadata: keys prefixed by general.architecture.
#include <fmt/ranges.h>

#include <cmath>

#include "tugline/core/error.h"
#include "tugline/files/gguf.h"
#include "tugline/model/config.h"

namespace tugline {
namespace {

Architecture read_architecture(const GgufFile& file) {
  const std::string_view name = file.require_string("general.architecture");
  if (name == "llama") return Architecture::kLlama;
  if (name == "qwen2") return Architecture::kQwen2;
  if (name == "qwen3") return Architecture::kQwen3;
  fail(ErrorCode::kUnsupported,
       "{}: general.architecture {} is not supported; tugline runs llama, qwen2 and qwen3", file.path(),
       name);
}

// Metadata that change what the model computes and that tugline does not have.
void refuse_unknown_mathematics(const GgufFile& file, const std::string& prefix) {
  for (const char* key :
       {"expert_count", "attention.clamp_kqv", "attention.max_alibi_bias", "logit_scale", "residual_scale",
        "embedding_scale", "attention.scale", "attn_logit_softcapping", "final_logit_softcapping"})
    if (file.has(prefix + key) && file.require_f64(prefix + key) != 0)
      fail(ErrorCode::kUnsupported, "{}: {}{} is not supported", file.path(), prefix, key);
}

// A factor without a type is linear: the format's older files have only that, some as rope.scale_linear.
void read_scaling(const GgufFile& file, const std::string& prefix, RopeConfig& rope) {
  const std::optional<double> older = file.optional_f64(prefix + "rope.scale_linear");
  const std::optional<double> factor =
      file.has(prefix + "rope.scaling.factor") ? file.optional_f64(prefix + "rope.scaling.factor") : older;
  const std::string_view type =
      file.optional_string(prefix + "rope.scaling.type").value_or(factor ? "linear" : "none");
  if (type == "none") return;
  if (type != "linear")
    fail(ErrorCode::kUnsupported, "{}: {}rope.scaling.type {} is not supported; tugline has none and linear",
         file.path(), prefix, type);
  rope.scaling = RopeScaling::kLinear;
  rope.factor = factor ? *factor : file.require_f64(prefix + "rope.scaling.factor");
}

// Llama 3's piecewise scaling comes as a tensor that divides the frequencies.
std::vector<float> read_divisors(const GgufFile& file, int64_t count) {
  const TensorView* tensor = file.find("rope_freqs.weight");
  if (tensor == nullptr) return {};
  if (tensor->shape != std::vector<int64_t>{count})
    fail(ErrorCode::kInput, "{}: rope_freqs.weight should have shape [{}], found [{}]", file.path(), count,
         fmt::join(tensor->shape, ", "));
  std::vector<float> divisors(static_cast<size_t>(count));
  dequantise(*tensor, 0, divisors);
  for (const float divisor : divisors)
    if (!(divisor > 0) || !std::isfinite(divisor))
      fail(ErrorCode::kInput, "{}: rope_freqs.weight holds {}; expected positive numbers", file.path(),
           divisor);
  return divisors;
}

RopeConfig read_rope(const GgufFile& file, const std::string& prefix, int64_t head_dim) {
  RopeConfig rope;
  rope.theta = file.optional_f64(prefix + "rope.freq_base").value_or(10000.0);
  const int64_t rotated = file.optional_i64(prefix + "rope.dimension_count").value_or(head_dim);
  if (rotated != head_dim)
    fail(ErrorCode::kUnsupported,
         "{}: {}rope.dimension_count is {}; only whole heads ({}) are rotated by tugline", file.path(),
         prefix, rotated, head_dim);
  read_scaling(file, prefix, rope);
  rope.frequency_divisors = read_divisors(file, head_dim / 2);
  return rope;
}

}  // namespace

ModelConfig read_config_gguf(const GgufFile& file) {
  ModelConfig config;
  config.architecture = read_architecture(file);
  const std::string prefix = std::string(file.require_string("general.architecture")) + ".";
  refuse_unknown_mathematics(file, prefix);
  config.name = std::filesystem::path(file.path()).stem().string();
  config.hidden_size = file.require_i64(prefix + "embedding_length");
  config.intermediate_size = file.require_i64(prefix + "feed_forward_length");
  config.num_layers = file.require_i64(prefix + "block_count");
  config.num_heads = file.require_i64(prefix + "attention.head_count");
  config.num_kv_heads = file.optional_i64(prefix + "attention.head_count_kv").value_or(config.num_heads);
  if (config.num_heads <= 0)
    fail(ErrorCode::kInput, "{}: {}attention.head_count is {}; expected a positive number", file.path(),
         prefix, config.num_heads);
  config.head_dim =
      file.optional_i64(prefix + "attention.key_length").value_or(config.hidden_size / config.num_heads);
  const int64_t value_length = file.optional_i64(prefix + "attention.value_length").value_or(config.head_dim);
  if (value_length != config.head_dim)
    fail(ErrorCode::kUnsupported,
         "{}: {}attention.value_length is {}, key_length {}; tugline needs them equal", file.path(), prefix,
         value_length, config.head_dim);
  const TensorView* embedding = file.find("token_embd.weight");
  if (embedding == nullptr || embedding->shape.empty())
    fail(ErrorCode::kInput, "{}: tensor token_embd.weight is missing", file.path());
  config.vocab_size = embedding->shape.front();
  config.max_positions = file.optional_i64(prefix + "context_length").value_or(0);
  config.sliding_window = file.optional_i64(prefix + "attention.sliding_window");
  if (config.sliding_window == 0) config.sliding_window.reset();  // how this format says that there is none
  config.rms_norm_eps = file.require_f64(prefix + "attention.layer_norm_rms_epsilon");
  check_config(config, file.path());
  config.rope = read_rope(file, prefix, config.head_dim);
  config.tied_head = file.find("output.weight") == nullptr;
  config.qkv_bias = file.find("blk.0.attn_q.bias") != nullptr;
  config.output_bias = file.find("blk.0.attn_output.bias") != nullptr;
  config.mlp_bias = file.find("blk.0.ffn_gate.bias") != nullptr;
  config.qk_norm = config.architecture == Architecture::kQwen3;
  check_config(config, file.path());
  return config;
}

}  // namespace tugline
