// The requested epsilons that a sweep with nodes did not measure, interpolated on the mean curves.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <string_view>

#include "tugline/store/result_table.h"
#include "tugline/store/run_store.h"

namespace tugline {

inline constexpr std::array<std::string_view, 10> kInterpolatedColumns{
    "span_kind",         "layer", "null_direction", "measure", "epsilon", "value", "interpolation_error",
    "measured_epsilons", "spans", "directions"};

// One row for each kind of spans, layer, set of directions, measure that grows like epsilon squared, and
// epsilon of the requested grid that is not measured there. Errors (kUsage): the run was not swept with
// nodes.
void for_each_interpolated(const RunStore& store, const std::function<void(std::span<const Cell>)>& visit);

}  // namespace tugline
