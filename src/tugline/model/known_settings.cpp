#include "tugline/model/known_settings.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "tugline/core/error.h"
#include "tugline/core/strict_json.h"

namespace tugline {
namespace {

using nlohmann::json;

// The value with which a setting changes nothing.
enum class Neutral { kZero, kOne, kFalse, kTrue, kEmpty };

struct Setting {
  const char* name;
  Neutral neutral;
};

constexpr std::array kMathematics{Setting{"attn_logit_softcapping", Neutral::kZero},
                                  Setting{"final_logit_softcapping", Neutral::kZero},
                                  Setting{"logit_scale", Neutral::kOne},
                                  Setting{"logits_scaling", Neutral::kOne},
                                  Setting{"lm_head_multiplier", Neutral::kOne},
                                  Setting{"embedding_multiplier", Neutral::kOne},
                                  Setting{"scale_emb", Neutral::kOne},
                                  Setting{"residual_multiplier", Neutral::kOne},
                                  Setting{"num_experts", Neutral::kZero},
                                  Setting{"num_local_experts", Neutral::kZero},
                                  Setting{"n_routed_experts", Neutral::kZero},
                                  Setting{"n_shared_experts", Neutral::kZero},
                                  Setting{"num_experts_shared", Neutral::kZero},
                                  Setting{"kv_lora_rank", Neutral::kZero},
                                  Setting{"q_lora_rank", Neutral::kZero},
                                  Setting{"clip_qkv", Neutral::kZero},
                                  Setting{"attention_sink_size", Neutral::kZero},
                                  Setting{"attention_chunk_size", Neutral::kZero},
                                  Setting{"partial_rotary_factor", Neutral::kOne},
                                  Setting{"rotary_pct", Neutral::kOne},
                                  Setting{"rope_ratio", Neutral::kOne},
                                  Setting{"use_mrope", Neutral::kFalse},
                                  Setting{"rope_interleaved", Neutral::kFalse},
                                  Setting{"no_rope_layers", Neutral::kEmpty},
                                  Setting{"alibi", Neutral::kFalse},
                                  Setting{"use_alibi", Neutral::kFalse},
                                  Setting{"use_qk_norm", Neutral::kFalse},
                                  Setting{"qk_layernorm", Neutral::kFalse},
                                  Setting{"use_parallel_residual", Neutral::kFalse},
                                  Setting{"parallel_attn", Neutral::kFalse},
                                  Setting{"add_cross_attention", Neutral::kFalse},
                                  Setting{"is_encoder_decoder", Neutral::kFalse},
                                  Setting{"is_causal", Neutral::kTrue},
                                  Setting{"causal", Neutral::kTrue},
                                  Setting{"pruned_heads", Neutral::kEmpty},
                                  Setting{"quantization_config", Neutral::kEmpty},
                                  Setting{"compression_config", Neutral::kEmpty},
                                  Setting{"quantization", Neutral::kEmpty},
                                  Setting{"text_config", Neutral::kEmpty},
                                  Setting{"vision_config", Neutral::kEmpty}};

bool is_neutral(const json& value, Neutral neutral) {
  switch (neutral) {
    case Neutral::kZero:
      return value == 0;
    case Neutral::kOne:
      return value == 1;
    case Neutral::kFalse:
      return value == false;
    case Neutral::kTrue:
      return value == true;
    case Neutral::kEmpty:
      return value.empty();
  }
  return false;
}

[[noreturn]] void refuse(const JsonSettings& settings, const char* name, const json& value) {
  fail(ErrorCode::kUnsupported, "{}: {} = {} is not supported", settings.where(), name, shown(value));
}

// Scores are multiplied by 1/sqrt(head_dim); some families spell that out.
void check_attention_scale(const JsonSettings& settings, int64_t head_dim) {
  const auto differs = [](double a, double b) { return !(std::abs(a - b) <= 1e-12 * std::abs(b)); };
  const auto size = static_cast<double>(head_dim);
  if (const json* value = settings.find("query_pre_attn_scalar"))
    if (!value->is_number() || differs(value->get<double>(), size))
      refuse(settings, "query_pre_attn_scalar", *value);
  if (const json* value = settings.find("attention_multiplier"))
    if (!value->is_number() || differs(value->get<double>(), 1 / std::sqrt(size)))
      refuse(settings, "attention_multiplier", *value);
}

// The names that transformers has for an activation, the usual one first.
std::array<std::string_view, 2> names_of(Activation activation) {
  if (activation == Activation::kGelu) return {"gelu", "gelu_python"};
  return {"silu", "swish"};
}

void check_activation(const JsonSettings& settings, Activation expected) {
  const auto names = names_of(expected);
  for (const char* name : {"hidden_act", "hidden_activation"}) {
    const std::string activation = settings.text_or(name, std::string(names.front()));
    if (std::ranges::find(names, activation) == names.end())
      fail(ErrorCode::kUnsupported, "{}: {} {} is not supported; expected {}", settings.where(), name,
           shown(activation), names.front());
  }
}

// What config_json reads for the family, which is then no unknown mathematics.
bool is_read(const ModelConfig& config, std::string_view name) {
  return config.architecture == Architecture::kGptNeox &&
         (name == "rotary_pct" || name == "partial_rotary_factor" || name == "use_parallel_residual");
}

// In ascending order.
constexpr std::array<std::string_view, 82> kHarmless{"_attn_implementation",
                                                     "_attn_implementation_autoset",
                                                     "_commit_hash",
                                                     "_flash_attn_2_enabled",
                                                     "_name_or_path",
                                                     "attention_dropout",
                                                     "attn_implementation",
                                                     "bad_words_ids",
                                                     "begin_suppress_tokens",
                                                     "bos_token_id",
                                                     "chunk_size_feed_forward",
                                                     "classifier_dropout",
                                                     "cls_token_id",
                                                     "cross_attention_hidden_size",
                                                     "decoder_start_token_id",
                                                     "diversity_penalty",
                                                     "do_sample",
                                                     "dtype",
                                                     "early_stopping",
                                                     "embd_pdrop",
                                                     "encoder_no_repeat_ngram_size",
                                                     "eos_token_id",
                                                     "exponential_decay_length_penalty",
                                                     "finetuning_task",
                                                     "forced_bos_token_id",
                                                     "forced_eos_token_id",
                                                     "gradient_checkpointing",
                                                     "hidden_dropout",
                                                     "hidden_dropout_prob",
                                                     "id2label",
                                                     "initializer_range",
                                                     "is_decoder",
                                                     "is_llama_config",
                                                     "keys_to_ignore_at_inference",
                                                     "label2id",
                                                     "length_penalty",
                                                     "mask_token_id",
                                                     "max_length",
                                                     "max_window_layers",
                                                     "min_length",
                                                     "moe_intermediate_size",
                                                     "no_repeat_ngram_size",
                                                     "norm_topk_prob",
                                                     "num_beam_groups",
                                                     "num_beams",
                                                     "num_experts_per_tok",
                                                     "num_labels",
                                                     "num_return_sequences",
                                                     "output_attentions",
                                                     "output_hidden_states",
                                                     "output_router_logits",
                                                     "output_scores",
                                                     "pad_token_id",
                                                     "prefix",
                                                     "pretraining_tp",
                                                     "problem_type",
                                                     "remove_invalid_values",
                                                     "repetition_penalty",
                                                     "resid_pdrop",
                                                     "return_dict",
                                                     "return_dict_in_generate",
                                                     "router_aux_loss_coef",
                                                     "sep_token_id",
                                                     "suppress_tokens",
                                                     "task_specific_params",
                                                     "temperature",
                                                     "tf_legacy_loss",
                                                     "tie_encoder_decoder",
                                                     "tokenizer_class",
                                                     "top_k",
                                                     "top_p",
                                                     "torch_dtype",
                                                     "torchscript",
                                                     "transformers.js_config",
                                                     "transformers_version",
                                                     "typical_p",
                                                     "unk_token_id",
                                                     "unsloth_fixed",
                                                     "unsloth_version",
                                                     "use_bfloat16",
                                                     "use_cache",
                                                     "use_flash_attn"};

}  // namespace

void refuse_unknown_mathematics(const JsonSettings& settings, const ModelConfig& config) {
  for (const Setting& setting : kMathematics) {
    if (is_read(config, setting.name)) continue;
    const json* value = settings.find(setting.name);
    if (value != nullptr && !is_neutral(*value, setting.neutral)) refuse(settings, setting.name, *value);
  }
  check_attention_scale(settings, config.head_dim);
  check_activation(settings, config.activation);
}

bool is_harmless(std::string_view setting) { return std::ranges::binary_search(kHarmless, setting); }

}  // namespace tugline
