// The doses of a store's run: settings become options of stats, and the store's responses become curves.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tugline/options.h"
#include "tugline/report/dose_tables.h"
#include "tugline/store/run_store.h"

namespace tugline {

// Errors: kUsage for settings out of range, curves that the run does not have, and a target that no curve reaches; kNothingToMeasure if no
// span has all pushes of its layer.
[[nodiscard]] DoseReport doses_in(const RunStore& store, const DoseSettings& settings, const Watch& watch);

}  // namespace tugline
