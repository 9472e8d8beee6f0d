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
                                                  {"self_attn.q_norm", "attn_q_norm"},
                                                  {"self_attn.k_norm", "attn_k_norm"},
                                                  {"self_attn.o_proj", "attn_output"},
                                                  {"post_attention_layernorm", "ffn_norm"},
                                                  {"mlp.gate_proj", "ffn_gate"},
                                                  {"mlp.up_proj", "ffn_up"},
                                                  {"mlp.down_proj", "ffn_down"}}};

// Where a family's names are others.
Names names_of(Architecture architecture, TensorRole role) {
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
  const bool hub = naming == TensorNaming::kHub;
  const char* own = hub ? names.hub : names.gguf;
  if (!is_in_layers(role)) return own;
  return fmt::format("{}.{}.{}", hub ? "model.layers" : "blk", layer, own);
}

std::optional<TensorShape> shape_of(TensorRole role, const ModelConfig& config) {
  const int64_t hidden = config.hidden_size;
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
    case TensorRole::kQ:
      return TensorShape{.weight = {config.q_size(), hidden}, .bias = config.qkv_bias};
    case TensorRole::kK:
    case TensorRole::kV:
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
