#include "tugline/cli/export_command.h"

#include <spdlog/spdlog.h>

#include <map>
#include <memory>
#include <string>

#include "tugline/cli/partial_run.h"
#include "tugline/cli/standard_output.h"
#include "tugline/core/precision.h"
#include "tugline/report/export.h"
#include "tugline/report/output_file.h"
#include "tugline/store/field_names.h"
#include "tugline/store/run_store.h"

namespace tugline {
namespace {

const std::map<std::string, ExportTable> kTables = {
    {"curves", ExportTable::kCurves},     {"responses", ExportTable::kResponses},
    {"rows", ExportTable::kRows},         {"units", ExportTable::kUnits},
    {"examples", ExportTable::kExamples}, {"distance", ExportTable::kDistance}};
const std::map<std::string, TextFormat> kFormats = {{"csv", TextFormat::kCsv}, {"json", TextFormat::kJson}};

struct Options {
  std::string store;
  std::string table;
  std::string format = "csv";
  std::string output;
};

// A table's columns are a contract that has no place for it.
void warn_of_noise(const RunStore& store) {
  const auto fields = store.identity().fields;
  const auto found = fields.find(field::kPrecision);
  if (found != fields.end() && found->second == name_of(Precision::kPlainBf16))
    spdlog::warn("the run's precision is {}", precision_label(found->second));
}

void run_export(const Options& options) {
  const RunStore store = RunStore::open_read_only(options.store);
  warn_of_noise(store);
  warn_of_part(store);
  const ExportTable table = kTables.at(options.table);
  const TextFormat format = kFormats.at(options.format);
  if (options.output.empty()) {
    export_table(store, table, format, write_to_standard_output);
    return;
  }
  OutputFile file(options.output);
  export_table(store, table, format, [&file](std::string_view text) { file.write(text); });
  file.commit();
}

}  // namespace

void add_export_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("export", "Write a table of a run as CSV or JSON");
  command->add_option("RUN.db", options->store, "Run store made by tugline sweep")->required();
  command->add_option("--table", options->table, "curves, distance, responses, rows, units or examples")
      ->required()
      ->check(CLI::IsMember({"curves", "distance", "responses", "rows", "units", "examples"}));
  command->add_option("--format", options->format, "csv (default) or json")
      ->check(CLI::IsMember({"csv", "json"}));
  command->add_option("-o,--output", options->output, "File to write; standard output where it is not given");
  command->footer(
      "Examples:\n"
      "  tugline export run.db --table curves\n"
      "  tugline export run.db --table rows --format json -o rows.json\n"
      "In rows, kl is the row's own; kl_reverse, top1_flips and delta_logprob are their push's means\n"
      "over its rows, as in responses. Numbers read back to the same double.");
  command->callback([options] { run_export(*options); });
}

}  // namespace tugline
