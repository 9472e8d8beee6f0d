#include "tugline/cli/dose_command.h"

#include <memory>
#include <string>

#include "tugline/api/dose.h"
#include "tugline/api/further_pushes.h"
#include "tugline/api/warn.h"
#include "tugline/cli/data_arguments.h"
#include "tugline/cli/interrupt.h"
#include "tugline/cli/model_argument.h"
#include "tugline/cli/name_options.h"
#include "tugline/cli/number_options.h"
#include "tugline/cli/output_check.h"
#include "tugline/cli/progress.h"
#include "tugline/cli/session.h"
#include "tugline/cli/standard_output.h"
#include "tugline/core/error.h"
#include "tugline/report/analysis_tables.h"
#include "tugline/report/row_writer.h"
#include "tugline/store/field_names.h"
#include "tugline/store/run_store.h"

namespace tugline {
namespace {

constexpr double kRefinement = 1e-3;  // relative error of a dose

struct Options {
  std::string store = {};
  std::string model = {};
  DataArguments data = {};
  DoseSettings dose = {};
  int threads = 0;
  std::string command_line = {};  // as it was typed
  bool json = false;
  bool csv = false;
};

void write_csv(const ResultTable& table) {
  const std::vector<std::string_view> columns(table.columns.begin(), table.columns.end());
  RowWriter writer(TextFormat::kCsv, columns, write_to_standard_output);
  for (const std::vector<Cell>& row : table.rows) writer.row(row);
  writer.finish();
}

DoseReport report_of(const Options& options, const RunStore& store) {
  const bool has_model = !options.model.empty();
  check_dose(options.dose, has_model);
  if (!has_model) return doses_in(store, options.dose, watch_on_stderr());
  watch_interrupts();
  if (!options.dose.pushes.empty())
    check_output({.path = options.dose.pushes,
                  .kind = OutputKind::kRunStore,
                  .inputs = {options.model, options.data.path}});
  const std::string precision = store.identity().fields[field::kPrecision];
  const LanguageModel model =
      load_model(find_model(options.model), {.precision = precision, .threads = options.threads});
  catch_interrupts();
  ProgressLine line;
  Watch watch = watch_on_stderr();
  watch.progress = [&line](const CallProgress& progress) { line.show(progress); };
  FurtherPushes further(store, model, data_source(options.data), options.dose.pushes, options.command_line,
                        watch);
  DoseReport report = doses_with(store, options.dose, further, watch);
  line.end();
  return report;
}

void run_dose(const Options& options) {
  check_standard_output({options.store, options.data.path});
  if (!options.model.empty() && options.data.path.empty())
    fail(ErrorCode::kUsage, "DATA is missing: give the dataset that the run measured after MODEL");
  const RunStore store = RunStore::open_read_only(options.store);
  warn_of_part(store, watch_on_stderr());
  const DoseReport report = report_of(options, store);
  if (options.csv) return write_csv(dose_tables(report).front());
  write_to_standard_output(options.json ? analysis_json(dose_tables(report)) : dose_text(report));
}

void add_pushes(CLI::App& command, Options& options) {
  command.add_flag_callback(
      "--refine", [&options] { options.dose.refine = kRefinement; },
      "Push near each dose, with MODEL and DATA, until it is known to 0.1 %");
  command.add_flag(
      "--tangents", options.dose.tangents,
      "Also the limit of each curve at epsilon 0, the dose that it predicts, and where the curve "
      "leaves it; with MODEL and DATA it is measured if the run has no tiny epsilon");
  command
      .add_option(
          "-o,--output", options.dose.pushes,
          "The run store that keeps the pushes of --refine and --tangents (default: they are not kept)")
      ->type_name("PUSHES.db");
  command
      .add_option("--threads", options.threads, "How many threads compute; by default all of the machine's")
      ->check(integer_from(1, 4096));
}

void add_numbers(CLI::App& command, DoseSettings& dose) {
  command.add_option("--kl", dose.kl, "The KL to reach, in nats")->required()->check(positive_number());
  command
      .add_option("--statistic", dose.statistic,
                  "What of a push's readout rows reaches it: mean; p95, their 95 % quantile; own-row, the KL "
                  "at the pushed token itself")
      ->check(one_of({"mean", "p95", "own-row"}))
      ->capture_default_str();
  command
      .add_option("--by", dose.by,
                  "What has a dose: layer, the mean curve of a kind of spans; direction, each vector; span; "
                  "push, each direction at each span (default: direction for vectors of --direction-file and "
                  "principal components, else layer)")
      ->check(one_of({"layer", "direction", "span", "push"}));
  command.add_option("--resamples", dose.resamples, "How many bootstrap resamples (default 10000)")
      ->check(integer_from(100, 1'000'000));
  command.add_option("--seed", dose.seed, "Seed of the bootstrap (default 42)")->check(seed_number());
}

}  // namespace

void add_dose_command(CLI::App& app, const std::string& command_line) {
  auto options = std::make_shared<Options>();
  options->command_line = command_line;
  CLI::App* command =
      app.add_subcommand("dose", "Find the push at which each layer, vector or span reaches a KL");
  command->add_option("RUN.db", options->store, "Run store made by tugline sweep")->required();
  command->add_option("MODEL", options->model, "The run's model, for --refine and --tangents");
  command->add_option("DATA", options->data.path, "The dataset that the run measured, likewise");
  add_field_option(*command, options->data);
  add_numbers(*command, options->dose);
  add_pushes(*command, *options);
  CLI::Option* json =
      command->add_flag("--json", options->json, "Print one JSON object in place of the table");
  command->add_flag("--csv", options->csv, "Print the table as CSV")->excludes(json);
  command->footer(
      "Examples:\n"
      "  tugline dose run.db --kl 0.1\n"
      "  tugline dose vectors.db --kl 0.1 --statistic p95 --csv\n"
      "  tugline dose run.db model.gguf data.json --kl 0.1 --refine --tangents\n"
      "The curves between the measured epsilons are interpolated; the column 'interpolated to' says how "
      "well.");
  command->callback([options] { run_dose(*options); });
}

}  // namespace tugline
