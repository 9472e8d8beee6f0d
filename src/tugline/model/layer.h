// One decoder layer on values: h -> h + attention(norm(h)) -> + mlp(norm(h)). Read beside probe/difference, which is the same
// layer on differences.
#pragma once

#include <memory>

#include "tugline/backend/backend.h"
#include "tugline/model/config.h"
#include "tugline/model/weights.h"

namespace tugline {

// Memory that a layer works in, for up to `max_rows` rows; kept from layer to layer.
struct LayerWorkspace {
  LayerWorkspace(const ModelConfig& config, int64_t max_rows, Backend& backend);
  std::unique_ptr<Buffer> normed;     // [rows, hidden]
  std::unique_ptr<Buffer> qkv;        // [rows, q_size + 2 kv_size]
  std::unique_ptr<Buffer> attended;   // [rows, q_size]
  std::unique_ptr<Buffer> gate_up;    // [rows, 2 intermediate]
  std::unique_ptr<Buffer> activated;  // [rows, intermediate]
};

// The rows that a layer runs on, and what they see.
struct LayerContext {
  const ModelConfig& config;
  const RopeTable& rope;
  RowLayout layout;
  Matrix prefix_k;  // [layout.first_position, kv_size]: this layer's, rotated; empty for a whole transcript
  Matrix prefix_v;
};

// The three parts of a row of qkv.
struct QkvViews {
  Matrix q;  // [rows, q_size]
  Matrix k;  // [rows, kv_size]
  Matrix v;  // [rows, kv_size]
};
[[nodiscard]] QkvViews split_qkv(const ModelConfig& config, const Matrix& qkv);

// The layer's two halves, each in place on h [layout.total(), hidden].
void run_attention_block(Backend& backend, const LayerWeights& weights, const LayerContext& context,
                         const Matrix& h, LayerWorkspace& workspace);
void run_mlp_block(Backend& backend, const LayerWeights& weights, const LayerContext& context,
                   const Matrix& h, LayerWorkspace& workspace);

// Runs the layer in place on h [layout.total(), hidden]. Afterwards workspace.qkv holds the rows' rotated keys and values.
void run_layer(Backend& backend, const LayerWeights& weights, const LayerContext& context, const Matrix& h,
               LayerWorkspace& workspace);

}  // namespace tugline
