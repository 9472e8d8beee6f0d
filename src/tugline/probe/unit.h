// Measures one unit: the responses to every direction at every epsilon for one (span, layer). A sweep
// computes, stores and resumes units as a whole; `tug` computes one per layer.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "tugline/probe/baseline.h"
#include "tugline/probe/batches.h"
#include "tugline/probe/push_vector.h"
#include "tugline/probe/replay.h"
#include "tugline/store/records.h"

namespace tugline {

// What a unit needs besides its pushes: its keys, the residuals' statistics, and how its work is watched.
struct UnitContext {
  uint64_t example_hash = 0;
  const ResidualStatistics* residuals = nullptr;  // of the layer; null if the options need none
  BatchLimits limits;
  // Called after each batch with its number of pushes; returns false to abandon the unit.
  std::function<bool(int64_t pushes)> after_batch;
};

// The site of a unit, with what the baseline has at that place. Errors: NotFinite (probe/not_finite) if that,
// the base's rows that are read, or the residuals' statistics are not finite.
[[nodiscard]] UnitSite unit_site(const Model& model, const Baseline& baseline, const SpanBase& base,
                                 LayerIndex layer, const UnitContext& context);

struct UnitPushes {
  const PushOptions& options;  // its epsilons and numbers of directions are not used
  const PushGrid& grid;
};

// Measures pushes of the unit at this site; responses are by direction, then epsilon, in the grid's order.
// Epsilon 0 is an exact zero and is not computed; nor is the readout `following` at the last layer, which no
// push can reach. Errors: kInterrupted when after_batch says so; kUsage when not even one push fits the
// memory limit; NotFinite, which names layer and operation, when a response is not finite.
[[nodiscard]] UnitMeasurement measure_unit(const Model& model, const Baseline& baseline, const SpanBase& base,
                                           const UnitSite& site, const UnitPushes& pushes,
                                           const UnitContext& context);
// The same of all pushes of the options, at the unit_site of the layer.
[[nodiscard]] UnitMeasurement measure_unit(const Model& model, const Baseline& baseline, const SpanBase& base,
                                           LayerIndex layer, const PushOptions& options,
                                           const UnitContext& context);

// The number of a unit's pushes that are computed: neither epsilon 0 nor out of reach from its site.
[[nodiscard]] int64_t computed_pushes(const ModelConfig& config, const ReplayRows& rows, Site site,
                                      const PushGrid& grid);

}  // namespace tugline
