#include "tugline/api/analysis.h"

#include <fmt/format.h>

#include <cmath>

#include "tugline/api/chunk_metrics.h"
#include "tugline/api/sweep_job.h"
#include "tugline/core/error.h"
#include "tugline/core/version.h"
#include "tugline/report/run_grid.h"

namespace tugline {
namespace {

bool is_given(const DataSource& data) { return data.text.has_value() || !data.path.empty(); }

void check_positive(const char* setting, double value) {
  if (!(value > 0) || !std::isfinite(value)) refuse(setting, "{} is not a positive number", value);
}

AnalysisOptions options_of(const AnalysisSettings& settings) {
  check_positive("threshold", settings.threshold);
  if (settings.small_epsilon) check_positive("small_epsilon", *settings.small_epsilon);
  if (settings.epsilon && !std::isfinite(*settings.epsilon))
    refuse("epsilon", "{} is not a finite number", *settings.epsilon);
  if (settings.resamples < 100 || settings.resamples > 1'000'000)
    refuse("resamples", "{} is not from 100 to 1000000", settings.resamples);
  AnalysisOptions options;
  options.epsilon = settings.epsilon;
  options.threshold = settings.threshold;
  options.small_epsilon = settings.small_epsilon;
  options.resamples = settings.resamples;
  options.seed = settings.seed;
  return options;
}

}  // namespace

Analysis analysis_of(const RunStore& store, const AnalysisSettings& settings, const DataSource& data,
                     const Watch& watch) {
  const AnalysisOptions options = options_of(settings);
  std::vector<ChunkMetric> metrics;
  if (is_given(data)) metrics = chunk_metrics_of(load_data(data, watch), store.examples(), data.path, watch);
  return analyse(read_grid(store), std::move(metrics), options, read_grid(store, DirectionSet::kNull));
}

std::map<std::string, Cell> facts_of_analysis(const RunStore& store, const DataSource& data) {
  std::map<std::string, Cell> facts{{"tugline_version", std::string(kVersion)},
                                    {"configuration", store.identity().hash()},
                                    {"units", static_cast<int64_t>(store.unit_keys().size())},
                                    {"data_name", std::monostate{}},
                                    {"shard", std::monostate{}}};
  const Shard shard = store.shard();
  if (!shard.is_whole()) facts["shard"] = fmt::format("{}/{}", shard.number, shard.count);
  if (is_given(data)) facts["data_name"] = name_of(data);
  return facts;
}

}  // namespace tugline
