#include "tugline/model/tensor_names.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace tugline {
namespace {

struct Names {
  const char* hub;
  const char* gguf;
};

// In TensorRole's order.
constexpr std::array<Names, kTensorRoles> kNames{{{"model.embed_tokens", "token_embd"},
                                                  {"model.norm", "output_norm"},
                                                  {"lm_head", "output"},
                                                  {"input_layernorm", "attn_norm"},
                                                  {"self_attn.q_proj", "attn_q"},
                                                  {"self_attn.k_proj", "attn_k"},
                                                  {"self_attn.v_proj", "attn_v"},
                                                  {"self_attn.qkv_proj", "attn_qkv"},
                                                  {"self_attn.q_norm", "attn_q_norm"},
                                                  {"self_attn.k_norm", "attn_k_norm"},
                                                  {"self_attn.o_proj", "attn_output"},
                                                  {"post_attention_layernorm", "ffn_norm"},
                                                  {"mlp.gate_proj", "ffn_gate"},
                                                  {"mlp.up_proj", "ffn_up"},
                                                  {"mlp.down_proj", "ffn_down"}}};

// GPT-NeoX's; null for what it has not.
constexpr std::array<Names, kTensorRoles> kGptNeoxNames{{{"gpt_neox.embed_in", "token_embd"},
                                                         {"gpt_neox.final_layer_norm", "output_norm"},
                                                         {"lm_head", "output"},
                                                         {"input_layernorm", "attn_norm"},
                                                         {},
                                                         {},
                                                         {},
                                                         {"attention.query_key_value", "attn_qkv"},
                                                         {},
                                                         {},
                                                         {"attention.dense", "attn_output"},
                                                         {"post_attention_layernorm", "ffn_norm"},
                                                         {},
                                                         {"mlp.dense_h_to_4h", "ffn_up"},
                                                         {"mlp.dense_4h_to_h", "ffn_down"}}};

// Where a family's names are others.
Names names_of(Architecture architecture, TensorRole role) {
  if (architecture == Architecture::kGptNeox) return kGptNeoxNames[static_cast<size_t>(role)];
  if (architecture == Architecture::kOlmo2) {
    if (role == TensorRole::kAttentionNorm) return {"post_attention_layernorm", "post_attention_norm"};
    if (role == TensorRole::kMlpNorm) return {"post_feedforward_layernorm", "post_ffw_norm"};
  }
  return kNames[static_cast<size_t>(role)];
}

// size: of q or of k.
std::optional<TensorShape> qk_norm_shape(const ModelConfig& config, int64_t size) {
  if (config.qk_norm == QkNorm::kNone) return std::nullopt;
  return TensorShape{.weight = {config.qk_norm == QkNorm::kWhole ? size : config.head_dim}};
}

}  // namespace

std::string tensor_name(Architecture architecture, TensorNaming naming, TensorRole role, int64_t layer) {
  const Names names = names_of(architecture, role);
  if (naming == TensorNaming::kHubEmbedOut && role == TensorRole::kHead) return "embed_out";
  const bool hub = naming != TensorNaming::kGguf;
  const char* own = hub ? names.hub : names.gguf;
  if (!is_in_layers(role)) return own;
  const char* layers = architecture == Architecture::kGptNeox ? "gpt_neox.layers" : "model.layers";
  return fmt::format("{}.{}.{}", hub ? layers : "blk", layer, own);
}

std::optional<TensorShape> shape_of(TensorRole role, const ModelConfig& config) {
  const int64_t hidden = config.hidden_size;
  const bool is_fused = config.architecture == Architecture::kGptNeox;
  switch (role) {
    case TensorRole::kEmbedding:
      return TensorShape{.weight = {config.vocab_size, hidden}};
    case TensorRole::kHead:
      if (config.tied_head) return std::nullopt;
      return TensorShape{.weight = {config.vocab_size, hidden}};
    case TensorRole::kFinalNorm:
    case TensorRole::kAttentionNorm:
    case TensorRole::kMlpNorm:
      return TensorShape{.weight = {hidden}, .bias = config.norm == NormKind::kLayer};
    case TensorRole::kQkv:
      if (!is_fused) return std::nullopt;
      return TensorShape{.weight = {config.q_size() + 2 * config.kv_size(), hidden}, .bias = config.qkv_bias};
    case TensorRole::kQ:
      if (is_fused) return std::nullopt;
      return TensorShape{.weight = {config.q_size(), hidden}, .bias = config.qkv_bias};
    case TensorRole::kK:
    case TensorRole::kV:
      if (is_fused) return std::nullopt;
      return TensorShape{.weight = {config.kv_size(), hidden}, .bias = config.qkv_bias};
    case TensorRole::kQNorm:
      return qk_norm_shape(config, config.q_size());
    case TensorRole::kKNorm:
      return qk_norm_shape(config, config.kv_size());
    case TensorRole::kOutput:
      return TensorShape{.weight = {hidden, config.q_size()}, .bias = config.output_bias};
    case TensorRole::kGate:
      if (config.activation != Activation::kSwiglu) return std::nullopt;
      [[fallthrough]];
    case TensorRole::kUp:
      return TensorShape{.weight = {config.intermediate_size, hidden}, .bias = config.mlp_bias};
    case TensorRole::kDown:
      return TensorShape{.weight = {hidden, config.intermediate_size}, .bias = config.mlp_bias};
  }
  return std::nullopt;
}

}  // namespace tugline
