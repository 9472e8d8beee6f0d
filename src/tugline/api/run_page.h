// The page of a run for `tugline report` and Run::save_report: gathers the analysis, the transcripts and the
// tables.
#pragma once

#include <string>

#include "tugline/options.h"
#include "tugline/store/run_store.h"

namespace tugline {

// The whole HTML file. `data` is the dataset that was swept, for the text between spans and its metrics; it
// may be empty. Errors: kUsage if nothing is measured yet; kConflict if the dataset is another one.
[[nodiscard]] std::string run_page(const RunStore& store, const AnalysisSettings& settings,
                                   const DataSource& data, const Watch& watch);

}  // namespace tugline
