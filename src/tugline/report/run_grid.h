// Reads the responses of a run into the arrays that stats analyses.
#pragma once

#include "tugline/report/answers.h"
#include "tugline/stats/analysis.h"
#include "tugline/stats/response_grid.h"
#include "tugline/store/run_store.h"

namespace tugline {

// The responses to one set of directions, as an array.
[[nodiscard]] ResponseGrid read_grid(const RunStore& store, DirectionSet set = DirectionSet::kMain,
                                     const ResponseMeasure& measure = response_measures().front());

// What an analysis and its answers need of the store, read at once.
struct RunReading {
  RunGrids grids = {};
  RunFacts facts = {};
};

// Errors (kUsage, the setting "measure"): no push of the run has the measure; the message says which ones it
// has.
[[nodiscard]] RunReading read_run(const RunStore& store, const ResponseMeasure& measure);

}  // namespace tugline
