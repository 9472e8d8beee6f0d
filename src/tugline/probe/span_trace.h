// The values of a span's rows inside each layer without a push. The differences of probe/difference start
// from them.
#pragma once

#include <map>
#include <memory>
#include <variant>
#include <vector>

#include "tugline/probe/baseline.h"
#include "tugline/probe/replay_rows.h"

namespace tugline {

// A norm's input, rows p .. of the span.
struct NormTrace {
  std::unique_ptr<Buffer> in;  // [rows, columns of the step's input]
};
struct GeluTrace {
  std::unique_ptr<Buffer> up;  // [rows, intermediate]
};
// What a step's difference needs of the base: nothing for a linear step.
using StepTrace = std::variant<std::monostate, NormTrace, GeluTrace, std::unique_ptr<AttentionTrace>,
                               std::unique_ptr<GateTrace>>;

// One layer, by the index of the step. Steps that no push goes through have no trace.
using LayerTrace = std::vector<StepTrace>;

// Runs some of the layer's steps on values, in place on h [context.layout.total(), hidden], and keeps what
// their differences need. Packs the weights that differences are multiplied by.
[[nodiscard]] LayerTrace trace_steps(const DecoderLayer& layer, StepRange steps, const LayerContext& context,
                                     const Matrix& h, LayerWorkspace& workspace);

class SpanTrace {
 public:
  // Runs the span's rows through the layers that a push at the baseline's hook in `lowest` goes through. Each
  // layer starts from the baseline's input of it, and not from the layer before, so that its numbers do not
  // depend on `lowest`.
  SpanTrace(const Model& model, const Baseline& baseline, const ReplayRows& rows, LayerIndex lowest);

  [[nodiscard]] const LayerTrace& layer(LayerIndex layer) const { return layers_.at(layer); }
  // The last layer's output.  [rows, hidden]
  [[nodiscard]] const Buffer& resid_final() const { return *resid_final_; }

 private:
  std::map<LayerIndex, LayerTrace> layers_;
  std::unique_ptr<Buffer> resid_final_;
};

}  // namespace tugline
