// Analyses a store's run, with the metrics of its dataset.
#pragma once

#include <map>
#include <string>

#include "tugline/options.h"
#include "tugline/report/analysis_tables.h"
#include "tugline/store/run_store.h"

namespace tugline {

// `data` may be empty. Errors: kUsage for settings out of range; those of load_data, chunk_metrics_of and analyse.
[[nodiscard]] Analysis analysis_of(const RunStore& store, const AnalysisSettings& settings,
                                   const DataSource& data, const Watch& watch);

// The run and data of the analysis, for its table of settings.
[[nodiscard]] std::map<std::string, Cell> facts_of_analysis(const RunStore& store, const DataSource& data);

}  // namespace tugline
