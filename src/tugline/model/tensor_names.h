// A transformer's tensors: their names in the hub's checkpoints and in GGUF files, and their shapes for a
// configuration.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tugline/model/config.h"

namespace tugline {

// The naming scheme of a file.
enum class TensorNaming {
  kHub,
  kHubEmbedOut,  // GPT-NeoX before transformers 5: the head is embed_out
  kGguf,
};

// The tensors outside the layers come first.
enum class TensorRole {
  kEmbedding,
  kFinalNorm,
  kHead,
  kAttentionNorm,
  kQ,
  kK,
  kV,
  kQkv,  // q, k and v in one
  kQNorm,
  kKNorm,
  kOutput,
  kMlpNorm,
  kGate,
  kUp,
  kDown,
};
inline constexpr int kTensorRoles = 15;

[[nodiscard]] constexpr bool is_in_layers(TensorRole role) { return role >= TensorRole::kAttentionNorm; }

// Without the suffix: "model.layers.3.self_attn.q_proj", "blk.3.attn_q". `layer` is ignored outside layers.
[[nodiscard]] std::string tensor_name(Architecture architecture, TensorNaming naming, TensorRole role,
                                      int64_t layer);

struct TensorShape {
  std::vector<int64_t> weight;  // of NAME.weight, outermost first: [out, in], or [size] of a norm
  bool bias = false;            // whether there is a NAME.bias, as long as the weight's first extent
};

// No value if a model of this configuration has no such tensor.
[[nodiscard]] std::optional<TensorShape> shape_of(TensorRole role, const ModelConfig& config);

}  // namespace tugline
