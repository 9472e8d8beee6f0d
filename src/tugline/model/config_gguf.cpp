// The configuration in GGUF metadata: keys prefixed by general.architecture.
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "tugline/core/error.h"
#include "tugline/core/printable.h"
#include "tugline/files/gguf.h"
#include "tugline/model/config.h"
#include "tugline/model/json_settings.h"

namespace tugline {
namespace {

Architecture read_architecture(const GgufFile& file) {
  const std::string_view name = file.require_string("general.architecture");
  if (name == "llama") return Architecture::kLlama;
  if (name == "qwen2") return Architecture::kQwen2;
  if (name == "qwen3") return Architecture::kQwen3;
  if (name == "olmo2") return Architecture::kOlmo2;
  if (name == "gptneox") return Architecture::kGptNeox;
  fail(ErrorCode::kUnsupported,
       "{}: general.architecture {} is not supported; tugline runs llama, qwen2, qwen3, olmo2 and gptneox",
       file.path(), printable(name));
}

// The value with which a key changes nothing.
struct Key {
  const char* name;  // without the architecture
  double neutral;
  bool absent_if_zero = false;
};

// Metadata that change what the model computes and that tugline does not have.
constexpr std::array kMathematics{Key{"expert_count", 0},
                                  Key{"expert_shared_count", 0},
                                  Key{"attention.clamp_kqv", 0},
                                  Key{"attention.max_alibi_bias", 0},
                                  Key{"attention.scale", 0},
                                  Key{"attention.shared_kv_layers", 0},
                                  Key{"attention.temperature_scale", 0},
                                  Key{"attn_logit_softcapping", 0},
                                  Key{"final_logit_softcapping", 0},
                                  Key{"attention.q_lora_rank", 0},
                                  Key{"attention.kv_lora_rank", 0},
                                  Key{"nextn_predict_layers", 0},
                                  Key{"pooling_type", 0},
                                  Key{"logit_scale", 1, true},
                                  Key{"residual_scale", 1, true},
                                  Key{"embedding_scale", 1, true},
                                  Key{"rope.scaling.attn_factor", 1},
                                  Key{"rope.scaling.yarn_ext_factor", 1},
                                  Key{"rope.scaling.yarn_attn_factor", 1},
                                  Key{"rope.scaling.yarn_log_multiplier", 0}};

constexpr std::string_view kGptNeoxPrefix = "gptneox.";

void refuse_unknown_mathematics(const GgufFile& file, const std::string& prefix) {
  for (const Key& key : kMathematics) {
    const std::optional<double> value = file.optional_f64(prefix + key.name);
    if (value && *value != key.neutral && !(*value == 0 && key.absent_if_zero))
      fail(ErrorCode::kUnsupported, "{}: {}{} = {} is not supported", file.path(), prefix, key.name, *value);
  }
  if (!file.optional_bool(prefix + "attention.causal").value_or(true))
    fail(ErrorCode::kUnsupported, "{}: {}attention.causal = false is not supported", file.path(), prefix);
  if (prefix != kGptNeoxPrefix && file.optional_bool(prefix + "use_parallel_residual").value_or(false))
    fail(ErrorCode::kUnsupported, "{}: {}use_parallel_residual = true is not supported", file.path(), prefix);
  for (const char* tensor : {"rope_factors_long.weight", "rope_factors_short.weight"})
    if (file.find(tensor) != nullptr)
      fail(ErrorCode::kUnsupported, "{}: tensor {} (longrope) is not supported", file.path(), tensor);
  const std::string_view type = file.optional_string("general.type").value_or("model");
  if (type != "model")
    fail(ErrorCode::kUnsupported, "{}: general.type is {}, not a model that can be run", file.path(),
         printable(type));
}

// Keys that the readers here ask for, or that decide no number. Without the architecture, in ascending order.
constexpr std::array<std::string_view, 26> kKnownKeys{"attention.causal",
                                                      "attention.head_count",
                                                      "attention.head_count_kv",
                                                      "attention.key_length",
                                                      "attention.layer_norm_epsilon",
                                                      "attention.layer_norm_rms_epsilon",
                                                      "attention.sliding_window",
                                                      "attention.value_length",
                                                      "block_count",
                                                      "context_length",
                                                      "embedding_length",
                                                      "expert_used_count",
                                                      "feed_forward_length",
                                                      "leading_dense_block_count",
                                                      "rope.dimension_count",
                                                      "rope.freq_base",
                                                      "rope.scale_linear",
                                                      "rope.scaling.factor",
                                                      "rope.scaling.finetuned",
                                                      "rope.scaling.original_context_length",
                                                      "rope.scaling.type",
                                                      "rope.scaling.yarn_beta_fast",
                                                      "rope.scaling.yarn_beta_slow",
                                                      "tensor_data_layout",
                                                      "use_parallel_residual",
                                                      "vocab_size"};

// Keys outside the architecture's describe the file or are the tokenizer's.
void warn_of_unknown(const GgufFile& file, const std::string& prefix, std::vector<std::string>& warnings) {
  std::vector<std::string> unknown;
  for (const std::string& key : file.keys()) {
    if (!key.starts_with(prefix)) continue;
    const std::string_view name = std::string_view(key).substr(prefix.size());
    const bool refused_otherwise = std::ranges::find(kMathematics, name, &Key::name) != kMathematics.end();
    if (!refused_otherwise && !std::ranges::binary_search(kKnownKeys, name)) unknown.push_back(key);
  }
  if (!unknown.empty())
    warnings.push_back(
        fmt::format("{}: metadata that tugline does not know are ignored: {}", file.path(), listed(unknown)));
}

// llama.cpp's YaRN is the same as transformers' with truncation and with the attention factor that the paper
// suggests; the keys that would change either are refused by name above.
void read_yarn(const GgufFile& file, const std::string& prefix, int64_t context, RopeConfig& rope) {
  rope.scaling = RopeScaling::kYarn;
  const auto original = file.optional_f64(prefix + "rope.scaling.original_context_length");
  if (!original && context == 0)
    fail(ErrorCode::kInput, "{}: {}rope.scaling.original_context_length is missing; yarn needs it",
         file.path(), prefix);
  rope.original_max_position_embeddings = original ? *original : static_cast<double>(context);
  rope.beta_fast = file.optional_f64(prefix + "rope.scaling.yarn_beta_fast").value_or(rope.beta_fast);
  rope.beta_slow = file.optional_f64(prefix + "rope.scaling.yarn_beta_slow").value_or(rope.beta_slow);
  rope.attention_factor = yarn_attention_factor(rope.factor);
}

// A factor without a type is linear: the format's older files have only that, some as rope.scale_linear. A
// factor of 0 means no scaling.
void read_scaling(const GgufFile& file, const std::string& prefix, int64_t context, RopeConfig& rope) {
  const std::string key = prefix + "rope.scaling.factor";
  const double older = file.optional_f64(prefix + "rope.scale_linear").value_or(0);
  const double factor = file.optional_f64(key).value_or(older);
  const std::string_view type =
      file.optional_string(prefix + "rope.scaling.type").value_or(factor != 0 ? "linear" : "none");
  if (type == "none") return;
  if (type != "linear" && type != "yarn")
    fail(ErrorCode::kUnsupported,
         "{}: {}rope.scaling.type {} is not supported; tugline has none, linear and yarn", file.path(),
         prefix, printable(type));
  rope.factor = factor != 0 ? factor : file.require_f64(key);
  if (type == "yarn") {
    read_yarn(file, prefix, context, rope);
  } else {
    rope.scaling = RopeScaling::kLinear;
  }
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

int64_t read_vocab_size(const GgufFile& file) {
  const std::string name = "token_embd.weight";
  if (const UnreadableTensor* other = find_unreadable(file, name))
    fail(
        ErrorCode::kUnsupported,
        "{}: tensor {} has type {}, which tugline does not read; fetch or make the model in one of these: {}",
        file.path(), name, other->type, file.readable_types());
  const TensorView* embedding = file.find(name);
  if (embedding == nullptr || embedding->shape.empty())
    fail(ErrorCode::kInput, "{}: tensor {} is missing", file.path(), name);
  return embedding->shape.front();
}

RopeConfig read_rope(const GgufFile& file, const std::string& prefix, const ModelConfig& config) {
  const int64_t head_dim = config.head_dim;
  RopeConfig rope;
  rope.theta = file.optional_f64(prefix + "rope.freq_base").value_or(10000.0);
  const int64_t rotated = file.optional_i64(prefix + "rope.dimension_count").value_or(head_dim);
  if (rotated != head_dim && prefix != kGptNeoxPrefix)
    fail(ErrorCode::kUnsupported,
         "{}: {}rope.dimension_count is {}; only whole heads ({}) are rotated by tugline", file.path(),
         prefix, rotated, head_dim);
  if (prefix == kGptNeoxPrefix) rope.rotary_dim = rotated;
  if (rotated % 2 != 0)
    fail(ErrorCode::kInput, "{}: {}rope.dimension_count is {}; expected an even number", file.path(), prefix,
         rotated);
  read_scaling(file, prefix, config.max_positions, rope);
  rope.frequency_divisors = read_divisors(file, rotated / 2);
  return rope;
}

Blocks read_blocks(const GgufFile& file, const std::string& prefix) {
  const std::optional<bool> parallel = file.optional_bool(prefix + "use_parallel_residual");
  if (!parallel)
    fail(ErrorCode::kInput, "{}: {}use_parallel_residual is missing; expected true or false", file.path(),
         prefix);
  return *parallel ? Blocks::kParallel : Blocks::kSequential;
}

}  // namespace

ModelConfig read_config_gguf(const GgufFile& file) {
  ModelConfig config = family_config(read_architecture(file));
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
  config.vocab_size = read_vocab_size(file);
  config.max_positions = file.optional_i64(prefix + "context_length").value_or(0);
  if (file.has(prefix + "context_length") && config.max_positions <= 0)
    fail(ErrorCode::kInput, "{}: {}context_length is {}; expected a positive number", file.path(), prefix,
         config.max_positions);
  const int64_t window = file.optional_i64(prefix + "attention.sliding_window").value_or(0);
  if (window != 0) config.sliding_window = SlidingWindow{.width = window};  // 0: there is none
  config.norm_eps =
      file.require_f64(prefix + (config.norm == NormKind::kLayer ? "attention.layer_norm_epsilon"
                                                                 : "attention.layer_norm_rms_epsilon"));
  check_config(config, file.path());
  config.rope = read_rope(file, prefix, config);
  // llama.cpp runs OLMo 3 as olmo2, and scales RoPE in the layers without a window only.
  if (config.architecture == Architecture::kOlmo2 && config.sliding_window &&
      config.rope.scaling != RopeScaling::kNone)
    fail(ErrorCode::kUnsupported,
         "{}: {}attention.sliding_window beside {}rope.scaling.type is not supported: RoPE differs between "
         "layers",
         file.path(), prefix, prefix);
  config.tied_head = file.find("output.weight") == nullptr && !find_unreadable(file, "output.weight");
  config.qkv_bias = file.find("blk.0.attn_q.bias") != nullptr || file.find("blk.0.attn_qkv.bias") != nullptr;
  config.output_bias = file.find("blk.0.attn_output.bias") != nullptr;
  config.mlp_bias = config.mlp_bias || file.find("blk.0.ffn_gate.bias") != nullptr;
  if (config.architecture == Architecture::kGptNeox) config.blocks = read_blocks(file, prefix);
  check_config(config, file.path());
  config.max_positions = positions_after_scaling(config);
  warn_of_unknown(file, prefix, config.warnings);
  return config;
}

}  // namespace tugline
