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
constexpr std::array<Names, 14> kNames{{{"model.embed_tokens", "token_embd"},
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
  if (role < TensorRole::kAttentionNorm) return own;
  return fmt::format("{}.{}.{}", hub ? "model.layers" : "blk", layer, own);
}

}  // namespace tugline
