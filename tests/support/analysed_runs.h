// The run of made_grids.h in a store, analysed with its metrics.
#pragma once

#include <filesystem>

#include "support/made_grids.h"
#include "support/made_runs.h"
#include "tugline/report/analysis_tables.h"
#include "tugline/report/run_grid.h"

namespace tugline {

// The dataset's real names, so that the commands take them.
inline std::vector<ChunkMetric> named_metrics() {
  std::vector<ChunkMetric> metrics = made_metrics();
  metrics[0].name = "counterfactual_importance_kl";
  metrics[1].name = "overdeterminedness";
  metrics[2].name = "different_trajectories_fraction";
  return metrics;
}

inline void make_grid_run(const std::filesystem::path& path) {
  RunStore store = RunStore::create_or_resume(path, made_identity(), made_provenance());
  for (int64_t example = 0; example < 4; ++example) store.put_example(made_example(example));
  for (UnitRecord unit : made_grid_units()) {
    for (ResponseRecord& response : unit.measured.responses) {
      for (size_t m = 0; m < kMeasures.size(); ++m)
        if (kMeasures[m].is_always_measured()) response.means[m] = response.means[m].value_or(0);
      response.rows = unmoved_rows(1);
      response.rows[kKl] = {response.kl()};
    }
    unit.measured.rows = {unit.measured.position};
    unit.measured.row_tokens = {1};
    unit.measured.rms = 1;
    store.put_unit(unit);
  }
}

inline Analysis analysis_of(const RunStore& store) {
  AnalysisOptions options;
  options.resamples = 200;
  return analyse(read_run(store, response_measures().front()).grids, named_metrics(), options);
}

inline void keep_analysis(const std::filesystem::path& path) {
  RunStore store = RunStore::open_to_annotate(path);
  store.put_analysis(
      analysis_tables(analysis_of(store), {{"units", static_cast<int64_t>(store.unit_keys().size())}}));
}

}  // namespace tugline
