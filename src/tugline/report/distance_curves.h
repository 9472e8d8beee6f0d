// Reads a run's responses against the distance from the push (stats/distance) from its store, one layer at a
// time, because all rows of a run with the readout `downstream` may not fit into memory.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tugline/stats/distance.h"
#include "tugline/store/run_store.h"

namespace tugline {

// Calls visit once for each (span kind, layer), in order, with its points by epsilon and distance as `empty`,
// a builder without units, makes them. An empty `span_kind` means all kinds. Throws Error as view_of does.
void for_each_distance_curve(const RunStore& store, const std::string& span_kind,
                             const std::function<void(const std::vector<DistancePoint>&)>& visit,
                             const DistanceBuilder& empty = DistanceBuilder());

}  // namespace tugline
