#include "tugline/run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <utility>

#include "tugline/api/analysis.h"
#include "tugline/api/engine.h"
#include "tugline/api/figures.h"
#include "tugline/api/settings.h"
#include "tugline/api/sweep_job.h"
#include "tugline/api/tables.h"
#include "tugline/core/error.h"
#include "tugline/report/drawn_figure.h"
#include "tugline/report/export.h"
#include "tugline/report/output_file.h"
#include "tugline/report/table.h"
#include "tugline/store/analysis_names.h"

namespace tugline {
namespace {

constexpr std::array<std::pair<const char*, ExportTable>, 6> kTables{{{"curves", ExportTable::kCurves},
                                                                      {"distance", ExportTable::kDistance},
                                                                      {"responses", ExportTable::kResponses},
                                                                      {"rows", ExportTable::kRows},
                                                                      {"units", ExportTable::kUnits},
                                                                      {"examples", ExportTable::kExamples}}};

ExportTable table_named(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& [known, table] : kTables) {
    if (name == known) return table;
    names.emplace_back(known);
  }
  refuse("table", "'{}' is not one of {}", name, fmt::join(names, ", "));
}

// One row, with a column for each setting.
Table settings_table(const ResultTable& settings) {
  ResultTable row{.name = settings.name, .rows = {{}}};
  for (const std::vector<Cell>& setting : settings.rows) {
    row.columns.push_back(std::get<std::string>(setting.at(0)));
    row.rows.front().push_back(setting.at(1));
  }
  return table_of(row);
}

std::map<std::string, Table> tables_of(const std::vector<ResultTable>& results) {
  std::map<std::string, Table> tables;
  for (const ResultTable& result : results)
    tables[result.name] = result.name == table::kSettings ? settings_table(result) : table_of(result);
  return tables;
}

FigureFormat format_named(const std::string& name) {
  if (name != "svg" && name != "png" && name != "pdf")
    refuse("format", "'{}' is not one of svg, png, pdf", name);
  return figure_format_of("figure." + name);
}

}  // namespace

Run Run::open(const std::filesystem::path& path) {
  (void)RunStore::open_read_only(path);
  return Run(path);
}

std::map<std::string, std::string> Run::identity() const {
  return RunStore::open_read_only(path_).identity().fields;
}

std::map<std::string, std::string> Run::provenance() const { return RunStore::open_read_only(path_).meta(); }

std::string Run::summary() const { return summary_text(view_of(RunStore::open_read_only(path_))); }

std::string Run::summary_json() const {
  return tugline::summary_json(view_of(RunStore::open_read_only(path_)));
}

Table Run::table(const std::string& name) const {
  const ExportTable table = table_named(name);
  const auto columns = columns_of(table);
  TableBuilder builder(name, {columns.begin(), columns.end()});
  for_each_row(RunStore::open_read_only(path_), table,
               [&builder](std::span<const Cell> cells) { builder.add(cells); });
  return builder.finish();
}

std::map<std::string, Table> Run::analyze(const AnalysisSettings& settings, const DataSource& data, Keep keep,
                                          const Watch& watch) const {
  RunStore store = keep == Keep::kYes ? RunStore::open_to_annotate(path_) : RunStore::open_read_only(path_);
  const std::vector<ResultTable> tables =
      analysis_tables(analysis_of(store, settings, data, watch), facts_of_analysis(store, data));
  if (keep == Keep::kYes) store.put_analysis(tables);
  return tables_of(tables);
}

std::map<std::string, Table> Run::analysis() const {
  const RunStore store = RunStore::open_read_only(path_);
  std::vector<ResultTable> tables;
  for (const std::string_view name : table::kAll)
    if (auto kept = store.analysis_table(std::string(name))) tables.push_back(std::move(*kept));
  return tables_of(tables);
}

std::string Run::figure(const PlotSettings& settings, const std::string& format) const {
  const FigureFormat wanted = format_named(format);
  return drawn_figure(plot_script({path_}, settings, wanted), wanted);
}

void Run::save_figure(const std::filesystem::path& path, const PlotSettings& settings) const {
  draw_script(plot_script({path_}, settings, figure_format_of(path)), path);
}

Run sweep(const LanguageModel& model, const DataSource& data, const std::filesystem::path& path,
          const SweepSettings& settings, const Watch& watch) {
  if (settings.shards < 1 || settings.shard < 1 || settings.shard > settings.shards)
    refuse("shard", "{} of {} is not one from 1 to the number of shards", settings.shard, settings.shards);
  EngineCall call(*model.engine(), watch);
  SweepJob job{.data = data,
               .path = path.string(),
               .options = resolve(settings, call.model().config()),
               .shard = {.number = settings.shard, .count = settings.shards},
               .source = model.engine()->source,
               .config = call.model().config(),
               .facts = {{"model_path", model.info().path}}};
  read_data(job, watch);
  make_plan(job, model.engine()->tokenizer(), watch);
  job.piece_of = [&model](int32_t token) { return model.piece(token); };
  (void)existing_store(job, watch);
  refuse_empty(job, watch);
  warn_of_plan(job, watch);
  measure(job, {call.model(), job.options.audit > 0 ? &call.exact_model() : nullptr}, watch);
  return Run::open(path);
}

}  // namespace tugline
