// The requested epsilons that a sweep with nodes did not measure, interpolated on the curves that it did.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "tugline/stats/curves.h"
#include "tugline/stats/response_measure.h"
#include "tugline/store/result_table.h"
#include "tugline/store/run_store.h"

namespace tugline {

struct InterpolatedPoint {
  // The mean is interpolated on the mean curve. The standard error is that of means that are interpolated for
  // each push by itself, so it tells how spans and directions vary, not how well the curve is known between
  // its epsilons.
  CurvePoint point = {};
  std::optional<double> error = {};  // of the mean by the interpolation; none below three measured epsilons
  int64_t measured_epsilons = 0;     // on which it rests
};

// The grid that a sweep with nodes was asked for; empty if the run was swept without.
[[nodiscard]] std::vector<double> requested_epsilons(const RunStore& store);

// The points of each kind of spans, layer and set of directions at the requested epsilons that are not
// measured there, sorted as CurveBuilder sorts. Empty if nothing is left out, and for a measure that is not
// smooth.
[[nodiscard]] std::vector<InterpolatedPoint> interpolated_points(const RunStore& store,
                                                                 const ResponseMeasure& measure);

inline constexpr std::array<std::string_view, 13> kInterpolatedColumns{
    "span_kind", "layer",      "null_direction",      "measure",
    "epsilon",   "value",      "interpolation_error", "measured_epsilons",
    "spans",     "directions", "standard_error",      "ci_low",
    "ci_high"};

// One row for each interpolated point of each measure that the run has. Errors (kUsage): the run was not
// swept with nodes.
void for_each_interpolated(const RunStore& store, const std::function<void(std::span<const Cell>)>& visit);

}  // namespace tugline
