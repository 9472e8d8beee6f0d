// Reads the responses of a run into the array that stats analyses.
#pragma once

#include "tugline/stats/response_grid.h"
#include "tugline/store/run_store.h"

namespace tugline {

// The responses to one set of directions, as an array.
[[nodiscard]] ResponseGrid read_grid(const RunStore& store, DirectionSet set = DirectionSet::kMain);

}  // namespace tugline
