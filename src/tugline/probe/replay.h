// Replays a batch of pushes. It computes only what a push can change (the layers above L, the rows from p
// on), and only as the difference from the unpushed run. The matrices of a run are in its workspace.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "tugline/probe/difference.h"
#include "tugline/probe/readout.h"

namespace tugline {

// The base state of a span, which the units of all its layers share. It has no trace and no readout if pushes
// are replayed on values (probe/plain_replay), which compute their own base.
struct SpanBase {
  TokenRange span;
  ReplayRows rows;
  std::unique_ptr<SpanTrace> trace;
  ReadoutOptions options;
  std::unique_ptr<Readout> readout;
};
// `lowest` is the lowest layer that will be pushed, one that the baseline kept.
[[nodiscard]] SpanBase read_span(const Model& model, const Baseline& baseline, TokenRange span,
                                 const ReadoutChoice& readout, LayerIndex lowest,
                                 const ReadoutOptions& options = {});
// The same for given rows.
[[nodiscard]] SpanBase read_rows(const Model& model, const Baseline& baseline, const ReplayRows& rows,
                                 LayerIndex lowest, const ReadoutOptions& options = {});

// The memory of replays: up to max_pushes pushes of rows.count rows.
class ReplayWorkspace {
 public:
  ReplayWorkspace(const Model& model, int64_t max_pushes, const ReplayRows& rows);
  [[nodiscard]] int64_t max_pushes() const { return max_pushes_; }

 private:
  friend class Replay;
  int64_t max_pushes_;
  std::unique_ptr<Buffer> dh;       // [max_pushes * count, hidden]
  std::unique_ptr<Buffer> vectors;  // [max_pushes * rows.vectors(), hidden]
  std::unique_ptr<Buffer> read;     // [max_pushes * read, hidden]
  LayerWorkspace layer;
};

class Replay {
 public:
  // All arguments must outlive the replay. `layer` is one that the baseline kept, not below the base's
  // lowest.
  Replay(const Model& model, const Baseline& baseline, const SpanBase& base, LayerIndex layer,
         ReplayWorkspace& workspace);

  // Pushes by vectors [pushes * rows.vectors() * width], push-major, which are added at the baseline's point
  // in the layer, from p on. `width` is the point's. The result has [pushes * rows.read()] responses,
  // push-major; collect it before the next call.
  [[nodiscard]] std::unique_ptr<PendingResponses> submit(std::span<const double> vectors);

  // Runs one push once more, step by step. Returns where the first number that is not finite appears, as a
  // sentence; the responses themselves if that is in none of the steps.
  [[nodiscard]] std::string where_not_finite(std::span<const double> vectors);

 private:
  void add_at_site(std::span<const double> vectors, const RowLayout& layout, const Matrix& dh);
  void run_layers(const RowLayout& layout, const Matrix& dh);

  const Model& model_;
  const Baseline& baseline_;
  const SpanBase& base_;
  LayerIndex layer_;
  ReplayWorkspace& workspace_;
};

}  // namespace tugline
