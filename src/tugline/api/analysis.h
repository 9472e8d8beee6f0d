// Analyses a store's run, with the metrics of its dataset; and answers questions about it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tugline/options.h"
#include "tugline/report/answers.h"
#include "tugline/store/run_store.h"

namespace tugline {

struct RunAnalysis {
  Analysis whole = {};  // of all spans and layers
  Analysis shown = {};  // what AnalysisSettings::spans and layers select of it
  RunFacts facts = {};
  std::map<std::string, Cell> settings = {};  // the run and data of the analysis, for its table of settings
};

// Reads and analyses the run. `data` may be empty: the metrics are then those of the stored analysis, if
// there is one, and Watch::inform says so. Errors: kUsage for settings out of range, and for a measure, a
// kind of span or a layer that the run lacks; those of load_data, chunk_metrics_of and analyse.
[[nodiscard]] RunAnalysis analyse_run(const RunStore& store, const AnalysisSettings& settings,
                                      const DataSource& data, const Watch& watch);

// The questions and their answers about what is shown: what `tugline analyze` prints and the report page has
// on top.
[[nodiscard]] std::vector<Answer> answers_of(const RunAnalysis& run);

// The tables of what is shown, by the names of store/analysis_names.h and in their order.
[[nodiscard]] std::vector<ResultTable> tables_of(const RunAnalysis& run);

// Keeps the tables of the whole analysis in the store, in place of an earlier one. Only analyses of KL are
// kept, because figures read them: of another measure it keeps nothing and returns false.
[[nodiscard]] bool keep_analysis(RunStore& store, const RunAnalysis& run);

}  // namespace tugline
