// Collects the statistics of residuals that direction families need: runs each transcript once, only up to
// the highest pushed layer, and keeps sums and a sample.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <vector>

#include "tugline/core/ids.h"
#include "tugline/model/model.h"
#include "tugline/model/site.h"
#include "tugline/probe/residual_statistics.h"

namespace tugline {

using ResidualsByLayer = std::map<LayerIndex, ResidualStatistics>;

// Runs a transcript and hands over what is at the point of each of `layers`, in ascending order, as h
// [tokens, width_at(point)]. Errors: those of check_transcript and check_point.
void visit_residuals(const Model& model, std::span<const int32_t> ids, std::span<const LayerIndex> layers,
                     SitePoint point, const std::function<void(LayerIndex layer, const Matrix& h)>& visit);

struct PassTranscript {
  uint64_t example_hash = 0;  // Example::content_hash
  std::span<const int32_t> ids;
};

struct PassOptions {
  std::vector<LayerIndex> layers;
  SitePoint point;
  Moments moments = Moments::kVariances;
  uint64_t seed = 42;
  std::function<bool()> keep_going;  // asked after each transcript
};

// The statistics of each layer over the transcripts; the same bits in any order. A layer with a residual that
// is not finite has none (ResidualStatistics::not_finite). Errors: kInterrupted if
// keep_going says no; fewer than two tokens that are not sinks.
[[nodiscard]] ResidualsByLayer read_residuals(const Model& model, std::vector<PassTranscript> transcripts,
                                              const PassOptions& options);

}  // namespace tugline
