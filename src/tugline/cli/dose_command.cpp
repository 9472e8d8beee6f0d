#include "tugline/cli/dose_command.h"

#include <memory>
#include <string>

#include "tugline/api/dose.h"
#include "tugline/cli/number_options.h"
#include "tugline/cli/output_check.h"
#include "tugline/cli/partial_run.h"
#include "tugline/cli/session.h"
#include "tugline/cli/standard_output.h"
#include "tugline/report/analysis_tables.h"
#include "tugline/report/row_writer.h"
#include "tugline/store/run_store.h"

namespace tugline {
namespace {

struct Options {
  std::string store = {};
  DoseSettings dose = {};
  bool json = false;
  bool csv = false;
};

void write_csv(const ResultTable& table) {
  const std::vector<std::string_view> columns(table.columns.begin(), table.columns.end());
  RowWriter writer(TextFormat::kCsv, columns, write_to_standard_output);
  for (const std::vector<Cell>& row : table.rows) writer.row(row);
  writer.finish();
}

void run_dose(const Options& options) {
  check_standard_output({options.store});
  const RunStore store = RunStore::open_read_only(options.store);
  warn_of_part(store);
  const DoseReport report = doses_in(store, options.dose, watch_on_stderr());
  if (options.csv) return write_csv(dose_tables(report).front());
  write_to_standard_output(options.json ? analysis_json(dose_tables(report)) : dose_text(report));
}

void add_numbers(CLI::App& command, DoseSettings& dose) {
  command.add_option("--kl", dose.kl, "The KL to reach, in nats")->required()->check(positive_number());
  command
      .add_option("--statistic", dose.statistic,
                  "What of a push's readout rows reaches it: mean; p95, their 95 % quantile; own-row, the KL "
                  "at the pushed token itself")
      ->check(CLI::IsMember({"mean", "p95", "own-row"}))
      ->capture_default_str();
  command
      .add_option("--by", dose.by,
                  "What has a dose: layer, the mean curve of a kind of spans; direction, each vector; span; "
                  "push, each direction at each span (default: direction for vectors of --direction-file and "
                  "principal components, else layer)")
      ->check(CLI::IsMember({"layer", "direction", "span", "push"}));
  command.add_option("--resamples", dose.resamples, "How many bootstrap resamples (default 10000)")
      ->check(integer_from(100, 1'000'000));
  command.add_option("--seed", dose.seed, "Seed of the bootstrap (default 42)")->check(seed_number());
}

}  // namespace

void add_dose_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("dose", "Find the push at which each layer, vector or span reaches a KL");
  command->add_option("RUN.db", options->store, "Run store made by tugline sweep")->required();
  add_numbers(*command, options->dose);
  CLI::Option* json =
      command->add_flag("--json", options->json, "Print one JSON object in place of the table");
  command->add_flag("--csv", options->csv, "Print the table as CSV")->excludes(json);
  command->footer(
      "Examples:\n"
      "  tugline dose run.db --kl 0.1\n"
      "  tugline dose vectors.db --kl 0.1 --statistic p95 --csv\n"
      "The curves between the measured epsilons are interpolated; the column 'interpolated to' says how "
      "well.");
  command->callback([options] { run_dose(*options); });
}

}  // namespace tugline
