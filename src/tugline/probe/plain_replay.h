// The oracle of probe/replay: the same layers and rows recomputed on values, as a plain rerun would. In f32 it loses small responses to
// rounding (docs/method.md); no sweep runs it.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "tugline/model/layer.h"
#include "tugline/probe/baseline.h"
#include "tugline/probe/readout.h"

namespace tugline {

// The memory of replays: up to max_pushes pushes of rows.count rows. Reused for all layers of a span.
class PlainReplayWorkspace {
 public:
  PlainReplayWorkspace(const Model& model, int64_t max_pushes, const ReplayRows& rows);
  [[nodiscard]] int64_t max_pushes() const { return max_pushes_; }

 private:
  friend class PlainReplay;
  int64_t max_pushes_;
  std::unique_ptr<Buffer> h;        // [max_pushes * count, hidden]
  std::unique_ptr<Buffer> vectors;  // [max_pushes, hidden]
  std::unique_ptr<Buffer> read;     // [max_pushes * read, hidden]
  LayerWorkspace layer;
};

class PlainReplay {
 public:
  // All arguments must outlive the replay. `layer` is one that the baseline kept.
  PlainReplay(const Model& model, const Baseline& baseline, const Readout& base, ReplayRows rows,
              LayerIndex layer, PlainReplayWorkspace& workspace);

  // Pushes by each of vectors [pushes * hidden], added to the residual at the baseline's hook in the layer, at p. Returns [pushes * rows.read()] responses,
  // push-major.
  [[nodiscard]] std::vector<RowResponse> run(std::span<const double> vectors);

 private:
  void run_layers(const RowLayout& layout, const Matrix& h);

  const Model& model_;
  const Baseline& baseline_;
  const Readout& base_;
  ReplayRows rows_;
  LayerIndex layer_;
  PlainReplayWorkspace& workspace_;
};

}  // namespace tugline
