// One unit: every direction at every epsilon for one (span, layer), as responses. What a sweep computes, commits and resumes as one
// piece, and what `tug` computes once.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "tugline/probe/baseline.h"
#include "tugline/probe/batches.h"
#include "tugline/probe/direction.h"
#include "tugline/probe/replay.h"
#include "tugline/store/records.h"

namespace tugline {

// kCommon: the same directions at every epsilon, so that a curve is smooth. kIndependent: fresh ones at each epsilon.
enum class DirectionSharing { kCommon, kIndependent };

// Which pushes a unit makes.
struct PushOptions {
  std::vector<double> epsilons;  // in units of the residual's RMS at the site
  int32_t directions = 8;        // random ones; the number of rows where they are supplied
  uint64_t seed = 42;
  DirectionSharing sharing = DirectionSharing::kCommon;
  std::vector<std::vector<double>> supplied;  // unit rows [hidden]; empty for random directions
};

// One push of a unit, by the numbers of its direction and epsilon.
struct PushIndex {
  int32_t direction = 0;
  int32_t epsilon = 0;
  bool operator==(const PushIndex&) const = default;
};

// What a unit's random numbers are drawn for, besides the seed.
struct UnitSite {
  uint64_t example_hash = 0;  // Example::content_hash
  TokenRange span;
  LayerIndex layer;
};

// The unit vector [hidden] along which a unit pushes.
[[nodiscard]] std::vector<double> push_direction(const PushOptions& options, const UnitSite& site,
                                                 PushIndex push, int64_t hidden);

// What a unit's numbers are keyed and stored under, and how its work is watched.
struct UnitContext {
  uint64_t example_hash = 0;
  BatchLimits limits;
  // Called after each batch with the number of pushes it made; returns false to give the unit up.
  std::function<bool(int64_t pushes)> after_batch;
};

// Measures the unit: position, rms, rows, row_tokens, note, seconds and responses (by direction, then epsilon, in the order given).
// Epsilon 0 is an exact zero and is not computed; nor is the readout `following` at the last layer, which no push can reach.
// Errors: kInterrupted when after_batch says so; kUsage when not even one push fits the memory limit.
[[nodiscard]] UnitRecord measure_unit(const Model& model, const Baseline& baseline, const SpanBase& base,
                                      LayerIndex layer, const PushOptions& options,
                                      const UnitContext& context);

// Pushes of a unit that are computed: neither epsilon 0 nor out of reach.
[[nodiscard]] int64_t computed_pushes(const ModelConfig& config, const ReplayRows& rows, LayerIndex layer,
                                      const PushOptions& options);

}  // namespace tugline
