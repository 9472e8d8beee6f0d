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

}  // namespace

std::string tensor_name(TensorNaming naming, TensorRole role, int64_t layer) {
  const Names& names = kNames[static_cast<size_t>(role)];
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
      return TensorShape{.weight = {hidden}};
    case TensorRole::kQ:
      return TensorShape{.weight = {config.q_size(), hidden}, .bias = config.qkv_bias};
    case TensorRole::kK:
    case TensorRole::kV:
      return TensorShape{.weight = {config.kv_size(), hidden}, .bias = config.qkv_bias};
    case TensorRole::kQNorm:
    case TensorRole::kKNorm:
      if (!config.qk_norm) return std::nullopt;
      return TensorShape{.weight = {config.head_dim}};
    case TensorRole::kOutput:
      return TensorShape{.weight = {hidden, config.q_size()}, .bias = config.output_bias};
    case TensorRole::kGate:
    case TensorRole::kUp:
      return TensorShape{.weight = {config.intermediate_size, hidden}, .bias = config.mlp_bias};
    case TensorRole::kDown:
      return TensorShape{.weight = {hidden, config.intermediate_size}, .bias = config.mlp_bias};
  }
  return std::nullopt;
}

}  // namespace tugline
