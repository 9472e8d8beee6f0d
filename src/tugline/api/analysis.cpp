#include "tugline/api/analysis.h"

#include <fmt/format.h>

#include <cmath>

#include "tugline/api/chunk_metrics.h"
#include "tugline/api/sweep_job.h"
#include "tugline/core/error.h"
#include "tugline/core/version.h"
#include "tugline/report/analysis_tables.h"
#include "tugline/report/run_grid.h"
#include "tugline/report/stored_analysis.h"
#include "tugline/stats/analysis_selection.h"

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

// The values of the dataset's metrics that the stored analysis has, by its table of spans; nothing if it was
// made without the dataset.
std::vector<ChunkMetric> stored_metrics(const ResultTable& spans) {
  std::vector<ChunkMetric> metrics;
  const size_t example = column_of(spans, "example");
  const size_t kind = column_of(spans, "span_kind");
  const size_t chunk = column_of(spans, "chunk");
  for (size_t column = kSpanColumns.size(); column < spans.columns.size(); ++column) {
    ChunkMetric metric{.name = spans.columns[column], .values = {}};
    for (const std::vector<Cell>& row : spans.rows) {
      const UnitKey key{.example = std::get<int64_t>(row[example]),
                        .span_kind = std::get<std::string>(row[kind]),
                        .chunk = std::get<int64_t>(row[chunk])};
      const std::optional<double> value = number_of(row[column]);
      if (value && is_its_chunk(key)) metric.values[{key.example, key.chunk}] = *value;
    }
    metrics.push_back(std::move(metric));
  }
  return metrics;
}

Cell stored_setting(const ResultTable& settings, const std::string& name) {
  for (const std::vector<Cell>& row : settings.rows)
    if (row.at(0) == Cell(name)) return row.at(1);
  return {};
}

struct Metrics {
  std::vector<ChunkMetric> values = {};
  Cell data_name = {};
};

// An analysis that is asked for without the data keeps the metrics of the one before.
Metrics metrics_of(const RunStore& store, const DataSource& data, const Watch& watch) {
  if (is_given(data))
    return {.values = chunk_metrics_of(load_data(data, watch), store.examples(), data.path, watch),
            .data_name = name_of(data)};
  const std::optional<ResultTable> spans = store.analysis_table(table::kSpans);
  const std::optional<ResultTable> settings = store.analysis_table(table::kSettings);
  if (!spans || !settings || spans->columns.size() <= kSpanColumns.size()) return {};
  Metrics metrics{.values = stored_metrics(*spans), .data_name = stored_setting(*settings, "data_name")};
  const auto* name = std::get_if<std::string>(&metrics.data_name);
  if (watch.inform)
    watch.inform(fmt::format(
        "the metrics are those of the stored analysis{}; spans that were measured since have none: give the "
        "dataset to read them again",
        name == nullptr ? "" : fmt::format(" with {}", *name)));
  return metrics;
}

std::map<std::string, Cell> settings_of(const RunStore& store, const Cell& data_name) {
  std::map<std::string, Cell> settings{{"tugline_version", std::string(kVersion)},
                                       {"configuration", store.identity().hash()},
                                       {"units", static_cast<int64_t>(store.unit_keys().size())},
                                       {"data_name", data_name},
                                       {"shard", std::monostate{}}};
  const Shard shard = store.shard();
  if (!shard.is_whole()) settings["shard"] = fmt::format("{}/{}", shard.number, shard.count);
  return settings;
}

std::vector<ResultTable> tables_about(const Analysis& analysis, const RunAnalysis& run) {
  std::vector<ResultTable> tables = analysis_tables(analysis, run.settings);
  tables.push_back(answers_table(tugline::answers_of(analysis, run.facts)));
  return tables;
}

}  // namespace

RunAnalysis analyse_run(const RunStore& store, const AnalysisSettings& settings, const DataSource& data,
                        const Watch& watch) {
  const AnalysisOptions options = options_of(settings);
  const ResponseMeasure& measure = response_measure_named(settings.measure);
  Metrics metrics = metrics_of(store, data, watch);
  RunReading reading = read_run(store, measure);
  RunAnalysis run{.whole = analyse(reading.grids, std::move(metrics.values), options),
                  .facts = std::move(reading.facts),
                  .settings = settings_of(store, metrics.data_name)};
  run.shown = selected(run.whole, {.spans = settings.spans, .layers = settings.layers});
  return run;
}

std::vector<Answer> answers_of(const RunAnalysis& run) { return answers_of(run.shown, run.facts); }

std::vector<ResultTable> tables_of(const RunAnalysis& run) { return tables_about(run.shown, run); }

bool keep_analysis(RunStore& store, const RunAnalysis& run) {
  if (run.whole.measure.name != "kl") return false;
  store.put_analysis(tables_about(run.whole, run));
  return true;
}

}  // namespace tugline
