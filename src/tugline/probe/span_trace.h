// What a span's rows look like inside each layer without a push: what the differences of probe/difference are taken from.
#pragma once

#include <map>
#include <memory>

#include "tugline/probe/baseline.h"
#include "tugline/probe/replay_rows.h"

namespace tugline {

// One layer, rows p .. of the span.
struct LayerTrace {
  std::unique_ptr<Buffer> resid_pre;      // [rows, hidden]: the layer's input
  std::unique_ptr<Buffer> unnormed_qkv;   // [rows, q_size + 2 kv_size], before the q and k norms; Qwen3 only
  std::unique_ptr<Buffer> qkv;            // [rows, q_size + 2 kv_size]: q and k rotated
  std::unique_ptr<PackedKv> kv;           // of the prefix and of the rows
  std::unique_ptr<Buffer> probabilities;  // [num_heads * rows, p + rows]
  std::unique_ptr<Buffer> resid_mid;      // [rows, hidden]: after the attention block
  std::unique_ptr<Buffer> gate_up;        // [rows, 2 intermediate]
  std::unique_ptr<Buffer> sigmoids;       // [rows, 2 intermediate]: sigma(gate), sigma(-gate)
};

class SpanTrace {
 public:
  // Runs the span's rows from the baseline's hook in `lowest` upwards, a layer that the baseline kept, on the baseline's keys and values.
  // Of resid_mid's own layer there is the MLP block's half only.
  SpanTrace(const Model& model, const Baseline& baseline, const ReplayRows& rows, LayerIndex lowest);

  [[nodiscard]] const LayerTrace& layer(LayerIndex layer) const { return layers_.at(layer); }
  // The last layer's output.  [rows, hidden]
  [[nodiscard]] const Buffer& resid_final() const { return *resid_final_; }

 private:
  std::map<LayerIndex, LayerTrace> layers_;
  std::unique_ptr<Buffer> resid_final_;
};

}  // namespace tugline
