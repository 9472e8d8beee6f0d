#include "tugline/cli/export_command.h"

#include <spdlog/spdlog.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tugline/api/warn.h"
#include "tugline/cli/name_options.h"
#include "tugline/cli/output_check.h"
#include "tugline/cli/session.h"
#include "tugline/cli/standard_output.h"
#include "tugline/core/precision.h"
#include "tugline/report/export.h"
#include "tugline/report/output_file.h"
#include "tugline/store/analysis_names.h"
#include "tugline/store/field_names.h"
#include "tugline/store/run_store.h"

namespace tugline {
namespace {

// The tables of measurements, then those of the stored analysis.
std::vector<std::string> table_names() {
  std::vector<std::string> names;
  for (const auto& [name, table] : kExportTables) names.emplace_back(name);
  names.insert(names.end(), table::kAll.begin(), table::kAll.end());
  return names;
}
const std::map<std::string, TextFormat> kFormats = {{"csv", TextFormat::kCsv}, {"json", TextFormat::kJson}};

struct Options {
  std::string store;
  std::string table;
  std::string format = "csv";
  std::string output = "-";  // standard output
  bool force = false;
};

// A table's columns are a contract that has no place for it.
void warn_of_noise(const RunStore& store) {
  const auto fields = store.identity().fields;
  const auto found = fields.find(field::kPrecision);
  if (found != fields.end() && found->second == name_of(Precision::kPlainBf16))
    spdlog::warn("the run's precision is {}", precision_label(found->second));
}

void run_export(const Options& options) {
  const bool is_to_standard_output = options.output == "-";
  if (is_to_standard_output) {
    check_standard_output({options.store});
  } else {
    check_output({.path = options.output,
                  .kind = OutputKind::kTable,
                  .inputs = {options.store},
                  .force = options.force});
  }
  const RunStore store = RunStore::open_read_only(options.store);
  warn_of_noise(store);
  warn_of_part(store, watch_on_stderr());
  const TextFormat format = kFormats.at(options.format);
  if (is_to_standard_output) {
    export_table(store, options.table, format, write_to_standard_output);
    return;
  }
  OutputFile file(options.output);
  export_table(store, options.table, format, [&file](std::string_view text) { file.write(text); });
  file.commit();
}

}  // namespace

void add_export_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("export", "Write a table of a run as CSV or JSON");
  command->add_option("RUN.db", options->store, "Run store made by tugline sweep")->required();
  command->add_option("--table", options->table, "The table to write")
      ->required()
      ->check(one_of(table_names()));
  command->add_option("--format", options->format, "csv (default) or json")->check(one_of({"csv", "json"}));
  command->add_option("-o,--output", options->output, "The file to write; - (the default) is standard output")
      ->type_name("FILE");
  add_force_option(*command, options->force);
  command->footer(
      "Examples:\n"
      "  tugline export run.db --table curves\n"
      "  tugline export run.db --table rows --format json -o rows.json\n"
      "  tugline export run.db --table contrasts\n"
      "responses has the means over a push's rows; rows has the measures of each row by itself. Numbers "
      "read back to the same double. The tables from answers on are those that tugline analyze kept in the "
      "store; run it first.\n"
      "An existing file is replaced if tugline export wrote it. Another file is replaced only with --force, "
      "and a run store or a model file never.");
  command->callback([options] { run_export(*options); });
}

}  // namespace tugline
