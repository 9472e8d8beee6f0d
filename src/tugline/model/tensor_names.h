// How the hub's checkpoints and GGUF files name a transformer's tensors, and which rows GGUF permutes.
#pragma once

#include <string>

#include "tugline/model/weights.h"

namespace tugline {

enum class TensorRole {
  kEmbedding,
  kFinalNorm,
  kHead,
  kAttentionNorm,
  kQ,
  kK,
  kV,
  kQNorm,
  kKNorm,
  kOutput,
  kMlpNorm,
  kGate,
  kUp,
  kDown,
};

// Without the suffix: "model.layers.3.self_attn.q_proj", "blk.3.attn_q". `layer` is ignored outside layers.
[[nodiscard]] std::string tensor_name(TensorNaming naming, TensorRole role, int64_t layer);

}  // namespace tugline
