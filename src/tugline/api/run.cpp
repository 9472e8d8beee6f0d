#include "tugline/run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <utility>

#include "tugline/api/analysis.h"
#include "tugline/api/dose.h"
#include "tugline/api/engine.h"
#include "tugline/api/figures.h"
#include "tugline/api/named_value.h"
#include "tugline/api/planned_sweep.h"
#include "tugline/api/rerun.h"
#include "tugline/api/run_page.h"
#include "tugline/api/sweep_job.h"
#include "tugline/api/sweep_nodes.h"
#include "tugline/api/tables.h"
#include "tugline/api/verify.h"
#include "tugline/api/warn.h"
#include "tugline/core/error.h"
#include "tugline/report/drawn_figure.h"
#include "tugline/report/export.h"
#include "tugline/report/output_file.h"
#include "tugline/report/part_warnings.h"
#include "tugline/report/table.h"
#include "tugline/store/analysis_names.h"
#include "tugline/store/field_names.h"

namespace tugline {
namespace {

// One row, with a column for each setting.
Table settings_table(const ResultTable& settings) {
  ResultTable row{.name = settings.name, .rows = {{}}};
  for (const std::vector<Cell>& setting : settings.rows) {
    row.columns.push_back(std::get<std::string>(setting.at(0)));
    row.rows.front().push_back(setting.at(1));
  }
  return table_of(row);
}

std::map<std::string, Table> tables_by_name(const std::vector<ResultTable>& results) {
  std::map<std::string, Table> tables;
  for (const ResultTable& result : results)
    tables[result.name] = result.name == table::kSettings ? settings_table(result) : table_of(result);
  return tables;
}

std::map<std::string, Table> verification_tables(const Verification& verification) {
  ResultTable faults{.name = "faults", .columns = {"check", "fault"}};
  for (const VerifyCheck& check : verification.checks)
    for (const std::string& fault : check.faults) faults.rows.push_back({check.name, fault});
  return {{"checks", table_of(verify_table(verification))}, {"faults", table_of(faults)}};
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

std::string Run::summary() const { return summary_text(view_with_commands(RunStore::open_read_only(path_))); }

std::string Run::summary_json() const {
  return tugline::summary_json(view_with_commands(RunStore::open_read_only(path_)));
}

std::vector<std::string> Run::warnings() const { return part_warnings(RunStore::open_read_only(path_)); }

Table Run::table(const std::string& name) const {
  const ExportTable table = named_value("table", name, kExportTables);
  const auto columns = columns_of(table);
  TableBuilder builder(name, {columns.begin(), columns.end()});
  for_each_row(RunStore::open_read_only(path_), table,
               [&builder](std::span<const Cell> cells) { builder.add(cells); });
  return builder.finish();
}

std::map<std::string, Table> Run::analyze(const AnalysisSettings& settings, const DataSource& data, Keep keep,
                                          const Watch& watch) const {
  RunStore store = keep == Keep::kYes ? RunStore::open_to_annotate(path_) : RunStore::open_read_only(path_);
  warn_of_part(store, watch);
  const RunAnalysis run = analyse_run(store, settings, data, watch);
  if (keep == Keep::kYes) (void)keep_analysis(store, run);
  return tables_by_name(tables_of(run));
}

std::map<std::string, Table> Run::analysis() const {
  const RunStore store = RunStore::open_read_only(path_);
  std::vector<ResultTable> tables;
  for (const std::string_view name : table::kAll)
    if (auto kept = store.analysis_table(std::string(name))) tables.push_back(std::move(*kept));
  return tables_by_name(tables);
}

std::map<std::string, Table> Run::dose(const DoseSettings& settings, const Watch& watch) const {
  const RunStore store = RunStore::open_read_only(path_);
  warn_of_part(store, watch);
  return tables_by_name(dose_tables(doses_in(store, settings, watch)));
}

std::map<std::string, Table> Run::dose(const DoseSettings& settings, const LanguageModel& model,
                                       const DataSource& data, const Watch& watch) const {
  check_dose(settings, true);
  const RunStore store = RunStore::open_read_only(path_);
  warn_of_part(store, watch);
  FurtherPushes further(store, model, data, settings.pushes, "dose() of the library", watch);
  return tables_by_name(dose_tables(doses_with(store, settings, further, watch)));
}

std::map<std::string, Table> Run::verify(const Watch& watch) const {
  return verification_tables(verify_store(RunStore::open_read_only(path_), watch));
}

std::map<std::string, Table> Run::verify(const VerifySettings& settings, const LanguageModel& model,
                                         const DataSource& data, const Watch& watch) const {
  const RunStore store = RunStore::open_read_only(path_);
  Verification verification = verify_store(store, watch);
  verify_sample(store, settings, model, data, watch, verification);
  return verification_tables(verification);
}

Run Run::rerun(const LanguageModel& model, const DataSource& data, const std::filesystem::path& path,
               const Watch& watch) const {
  tugline::rerun(RunStore::open_read_only(path_), model, data, path,
                 {{"model_path", model.info().path}, {field::kCommandLine, "rerun() of the library"}}, watch);
  return open(path);
}

std::map<std::string, Table> Run::compare(const Run& again, const Watch& watch) const {
  return tables_by_name(comparison_tables(
      compare_runs(RunStore::open_read_only(path_), RunStore::open_read_only(again.path_), watch)));
}

std::string Run::figure(const PlotSettings& settings, const std::string& format) const {
  const FigureFormat wanted = format_named(format);
  return drawn_figure(plotted({path_}, settings, wanted));
}

void Run::save_figure(const std::filesystem::path& path, const PlotSettings& settings) const {
  draw_figure(plotted({path_}, settings, figure_format_of(path)), path);
}

void Run::save_report(const std::filesystem::path& path, const AnalysisSettings& settings,
                      const DataSource& data, const Watch& watch) const {
  const RunStore store = RunStore::open_read_only(path_);
  warn_of_part(store, watch);
  const std::string page = run_page(store, settings, data, watch);
  OutputFile file(path);
  file.write(page);
  file.commit();
}

Run sweep(const LanguageModel& model, const DataSource& data, const std::filesystem::path& path,
          const SweepSettings& settings, const Watch& watch) {
  EngineCall call(*model.engine(), watch);
  const std::unique_ptr<SweepJob> job = planned_sweep(model, data, path, settings, watch);
  read_digests(*job, watch);
  (void)existing_store(*job, watch);
  refuse_empty(*job, watch);
  warn_of_plan(*job, watch);
  measure_sweep(*job, {call.model(), job->options.audit > 0 ? &call.exact_model() : nullptr}, watch);
  return Run::open(path);
}

}  // namespace tugline
