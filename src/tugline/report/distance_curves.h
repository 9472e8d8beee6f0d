// A run's responses against the distance from the push (stats/distance), read from its store a layer at a time: with the readout
// `downstream` all rows of a run at once may not fit into memory.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tugline/stats/distance.h"
#include "tugline/store/run_store.h"

namespace tugline {

// Calls visit once a (span kind, layer), in order, with its points by epsilon and distance. `span_kind`: only those; empty: all. Throws Error as view_of does.
void for_each_distance_curve(const RunStore& store, const std::string& span_kind,
                             const std::function<void(const std::vector<DistancePoint>&)>& visit);

}  // namespace tugline
