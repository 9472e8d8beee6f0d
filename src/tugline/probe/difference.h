// One decoder layer on differences: what it makes of base + dh, less what it makes of the base
// (docs/method.md, "Difference propagation"). Interprets the layer's description (model/layer_program), as
// model/layer does on values.
#pragma once

#include "tugline/model/layer.h"
#include "tugline/probe/span_trace.h"

namespace tugline {

// The rows that a layer runs on, and what they are without a push.
struct DifferenceContext {
  const RopeTable& rope;
  RowLayout layout;
  const LayerTrace& base;
};

// Runs some of the layer's steps, in place on dh [layout.total(), hidden].
void run_steps_difference(const DecoderLayer& layer, StepRange steps, const DifferenceContext& context,
                          const Matrix& dh, LayerWorkspace& workspace);

}  // namespace tugline
