// One decoder layer on values: interprets the layer's description (model/layer_program). Read beside
// probe/difference, which interprets the same description on differences.
#pragma once

#include <map>
#include <memory>

#include "tugline/backend/backend.h"
#include "tugline/model/layer_program.h"
#include "tugline/model/weights.h"

namespace tugline {

// One layer of a model. Borrows everything from it.
struct DecoderLayer {
  const ModelConfig& config;
  const LayerProgram& program;
  const LayerWeights& weights;
  Backend& backend;
  int64_t window = 0;  // of its attention: ModelConfig::window
  [[nodiscard]] Norm norm(NormWeight weight) const { return {config, weights.norm(weight), backend}; }
};

// Memory that a layer works in, for up to `max_rows` rows; kept from layer to layer.
class LayerWorkspace {
 public:
  LayerWorkspace(const ModelConfig& config, int64_t max_rows, Backend& backend);
  // The first h.rows rows of a slot; h itself for kResidual.
  [[nodiscard]] Matrix slot(Slot slot, const Matrix& h) const;

 private:
  ModelConfig config_;
  std::map<Slot, std::unique_ptr<Buffer>>
      buffers_;  // of the slots with memory of their own that a step writes
};

// The rows that a layer runs on, and what they see.
struct LayerContext {
  const RopeTable& rope;
  RowLayout layout;
  ConstMatrix
      prefix_k;  // [layout.first_position, kv_size]: this layer's, rotated; empty for a whole transcript
  ConstMatrix prefix_v;
};

// A copy of the rows in memory of its own.
[[nodiscard]] std::unique_ptr<Buffer> copy_of(Backend& backend, const ConstMatrix& rows);

// `window` is the layer's.
[[nodiscard]] HeadShape head_shape(const ModelConfig& config, int64_t window);
// The rows of a layer and how many of the rows before them its window lets them see: the attention's layout,
// whose positions count from the first row that is seen.
[[nodiscard]] RowLayout attended_layout(RowLayout layout, int64_t window);
// The columns of kQkv that hold kQ, kK or kV.
[[nodiscard]] Matrix part_of_qkv(Slot part, const ModelConfig& config, const Matrix& qkv);
// The attention step's inputs, from the slots as they are after the steps before it.
[[nodiscard]] AttentionInputs attention_inputs(const DecoderLayer& layer, const LayerContext& context,
                                               const Matrix& qkv);

// The columns of a slot that are pushed at a point: a head's for Hook::kZ, else all.
[[nodiscard]] Matrix columns_at(SitePoint point, const ModelConfig& config, const Matrix& slot);
// What is pushed at a point [h.rows, width_at(point)], in memory of its own. The layer has run up to the
// point.
[[nodiscard]] std::unique_ptr<Buffer> value_at(const DecoderLayer& layer, SitePoint point, const Matrix& h,
                                               const LayerWorkspace& workspace);

// Runs some of the layer's steps, in place on h [layout.total(), hidden]. After the attention step the
// workspace's kK and kV hold the rows' rotated keys, and their values.
void run_steps(const DecoderLayer& layer, StepRange steps, const LayerContext& context, const Matrix& h,
               LayerWorkspace& workspace);

}  // namespace tugline
