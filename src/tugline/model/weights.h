// A model's weights, checked against its configuration and packed for a backend: the step from files to what the layer
// runs on.
#pragma once

#include <memory>
#include <vector>

#include "tugline/backend/backend.h"
#include "tugline/files/tensor_source.h"
#include "tugline/model/config.h"
#include "tugline/model/tensor_names.h"

namespace tugline {

struct LayerWeights {
  std::unique_ptr<Buffer> attention_norm;  // [1, hidden]
  std::unique_ptr<Linear> qkv;             // [q_size + 2 kv_size, hidden]: q, k, v stacked
  std::unique_ptr<Buffer> q_norm;          // [1, head_dim], Qwen3 only
  std::unique_ptr<Buffer> k_norm;          // [1, head_dim], Qwen3 only
  std::unique_ptr<Linear> output;          // [hidden, q_size]
  std::unique_ptr<Buffer> mlp_norm;        // [1, hidden]
  std::unique_ptr<Linear> gate_up;         // [2 intermediate, hidden]: gate, up stacked
  std::unique_ptr<Linear> down;            // [hidden, intermediate]
};

struct Weights {
  LinearSource embedding;  // [vocab, hidden], read from the file row by row when tokens ask for it
  std::vector<LayerWeights> layers;
  std::unique_ptr<Buffer> final_norm;  // [1, hidden]
  std::unique_ptr<Head> head;          // [vocab, hidden]
};

// Errors: a tensor that is missing, misshaped, not finite. The source must outlive the weights.
[[nodiscard]] Weights load_weights(const ModelConfig& config, const TensorSource& tensors,
                                   TensorNaming naming, Backend& backend);

}  // namespace tugline
