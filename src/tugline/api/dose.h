// The doses of a store's run: settings become options of stats, and the store's responses become curves.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tugline/api/further_pushes.h"
#include "tugline/options.h"
#include "tugline/report/dose_tables.h"
#include "tugline/store/run_store.h"

namespace tugline {

// Errors (kUsage): settings that contradict each other, or the lack of a model.
void check_dose(const DoseSettings& settings, bool has_model);

// Errors: kUsage for settings out of range, curves that the run does not have, and a target that no curve
// reaches; kNothingToMeasure if no span has all pushes of its layer.
[[nodiscard]] DoseReport doses_in(const RunStore& store, const DoseSettings& settings, const Watch& watch);

// The same with more pushes, as the settings ask for. Errors: also those of FurtherPushes::measure.
[[nodiscard]] DoseReport doses_with(const RunStore& store, const DoseSettings& settings,
                                    FurtherPushes& further, const Watch& watch);

}  // namespace tugline
