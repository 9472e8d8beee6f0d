// Recomputes the same layers and rows as probe/replay, but on values, as a plain rerun does. In f64 it checks
// replays; a sweep with
// --precision plain-bf16 runs it. In bf16, and less so in f32, it loses small responses to rounding
// (docs/method.md, "Precision").
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tugline/model/layer.h"
#include "tugline/probe/baseline.h"
#include "tugline/probe/readout.h"

namespace tugline {

// Whether this backend replays pushes on values, for comparison, and not on differences.
[[nodiscard]] bool replays_values(const Backend& backend);

// The memory of replays: up to max_pushes pushes of rows.count rows, and the rows without a push. Reused for
// all layers of a span.
class PlainReplayWorkspace {
 public:
  PlainReplayWorkspace(const Model& model, int64_t max_pushes, const ReplayRows& rows);
  [[nodiscard]] int64_t max_pushes() const { return max_pushes_; }

 private:
  friend class PlainReplay;
  int64_t max_pushes_;
  std::unique_ptr<Buffer> h;        // [(1 + max_pushes) * count, hidden]
  std::unique_ptr<Buffer> vectors;  // [(1 + max_pushes) * rows.vectors(), hidden]
  std::unique_ptr<Buffer> read;     // [(1 + max_pushes) * read, hidden]
  LayerWorkspace layer;
};

class PlainReplay {
 public:
  // All arguments must outlive the replay. `layer` is one that the baseline kept.
  PlainReplay(const Model& model, const Baseline& baseline, ReplayRows rows, LayerIndex layer,
              PlainReplayWorkspace& workspace, ReadoutSettings settings = {});

  // Pushes by vectors [pushes * rows.vectors() * width], push-major, which are added at the baseline's point
  // in the layer, from p on. `width` is the point's. The result has [pushes * rows.read()] responses,
  // push-major; collect it before the next call.
  [[nodiscard]] std::unique_ptr<PendingResponses> submit(std::span<const double> vectors);

  // As Replay::where_not_finite.
  [[nodiscard]] std::string where_not_finite(std::span<const double> vectors);

  // The final norm's output of the rows that are read [(1 + pushes) * rows.read(), hidden], in the workspace
  // until the next run. The base's rows come first. They run through the layers again, as a push of zeros:
  // with the same sums in the same order, so that rounding alone never distinguishes the base from a push
  // that changes nothing.
  [[nodiscard]] Matrix final_normed(std::span<const double> vectors);

 private:
  // Runs h from the site's entry, and adds the vectors at the site.
  // Calls after_step(layer, step) after each step above the site.
  void run_layers(const RowLayout& layout, const Matrix& vectors, const Matrix& h,
                  const std::function<void(LayerIndex layer, size_t step)>& after_step = {});
  // The run of the pushes and of the base, up to the last layer's output [(1 + pushes) * rows.count, hidden].
  Matrix run(std::span<const double> vectors,
             const std::function<void(LayerIndex layer, size_t step)>& after_step = {});

  const Model& model_;
  const Baseline& baseline_;
  ReplayRows rows_;
  LayerIndex layer_;
  PlainReplayWorkspace& workspace_;
  ReadoutSettings settings_;
  std::vector<int32_t> targets_;
};

}  // namespace tugline
