// One decoder layer on differences: what it makes of base + dh, less what it makes of the base (docs/method.md, "Difference
// propagation"). Read beside model/layer: the same layer on values, in the same order and with the same names.
#pragma once

#include "tugline/model/layer.h"
#include "tugline/probe/span_trace.h"

namespace tugline {

// The rows that a layer runs on, what they see, and what they are without a push.
struct DifferenceContext {
  const ModelConfig& config;
  const RopeTable& rope;
  RowLayout layout;
  const LayerTrace& base;
};

// The layer's two halves, each in place on dh [layout.total(), hidden].
void run_attention_block_difference(Backend& backend, const LayerWeights& weights,
                                    const DifferenceContext& context, const Matrix& dh,
                                    LayerWorkspace& workspace);
void run_mlp_block_difference(Backend& backend, const LayerWeights& weights, const DifferenceContext& context,
                              const Matrix& dh, LayerWorkspace& workspace);

// Runs the layer in place on dh [layout.total(), hidden].
void run_layer_difference(Backend& backend, const LayerWeights& weights, const DifferenceContext& context,
                          const Matrix& dh, LayerWorkspace& workspace);

}  // namespace tugline
