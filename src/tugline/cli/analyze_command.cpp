#include "tugline/cli/analyze_command.h"

#include <memory>
#include <string>

#include "tugline/api/analysis.h"
#include "tugline/cli/data_arguments.h"
#include "tugline/cli/number_options.h"
#include "tugline/cli/output_check.h"
#include "tugline/cli/partial_run.h"
#include "tugline/cli/session.h"
#include "tugline/cli/standard_output.h"
#include "tugline/report/analysis_tables.h"
#include "tugline/report/analysis_text.h"
#include "tugline/store/run_store.h"

namespace tugline {
namespace {

struct Options {
  std::string store = {};
  DataArguments data = {};
  AnalysisSettings analysis = {};
  bool json = false;
  bool no_store = false;
};

DataSource data_of(const Options& options) {
  return options.data.path.empty() ? DataSource{} : data_source(options.data);
}

void run_analyze(const Options& options) {
  check_standard_output({options.store, options.data.path});
  RunStore store =
      options.no_store ? RunStore::open_read_only(options.store) : RunStore::open_to_annotate(options.store);
  warn_of_part(store);
  const DataSource data = data_of(options);
  const Analysis analysis = analysis_of(store, options.analysis, data, watch_on_stderr());
  const std::vector<ResultTable> tables = analysis_tables(analysis, facts_of_analysis(store, data));
  if (!options.no_store) store.put_analysis(tables);
  write_to_standard_output(options.json ? analysis_json(tables) : analysis_text(analysis));
}

void add_numbers(CLI::App& command, AnalysisSettings& options) {
  command
      .add_option("--epsilon", options.epsilon,
                  "The epsilon of the tables that are about one epsilon (default: the run's largest)")
      ->check(finite_number());
  command
      .add_option("--threshold", options.threshold,
                  "Look for the epsilon at which KL reaches this, in nats (default 0.1)")
      ->check(positive_number());
  command
      .add_option("--small-epsilon", options.small_epsilon,
                  "Largest epsilon of the fit a eps^2 + b eps (default: the third smallest epsilon or a "
                  "quarter of the largest, whichever is larger)")
      ->check(positive_number());
  command
      .add_option("--resamples", options.resamples,
                  "How many bootstrap resamples and permutations (default 10000)")
      ->check(integer_from(100, 1'000'000));
  command.add_option("--seed", options.seed, "Seed of the bootstrap and the permutations (default 42)")
      ->check(seed_number());
}

}  // namespace

void add_analyze_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "analyze",
      "Compute intervals, contrasts, components of variance, and correlations with the dataset's metrics");
  command->add_option("RUN.db", options->store, "Run store made by tugline sweep")->required();
  command->add_option("DATA", options->data.path,
                      "The dataset that the run measured, for its per-chunk metrics; - is standard input");
  add_field_option(*command, options->data);
  add_numbers(*command, options->analysis);
  command->add_flag("--json", options->json, "Print one JSON object in place of the tables");
  command->add_flag("--no-store", options->no_store, "Print only; do not keep the results in the run store");
  command->footer(
      "Examples:\n"
      "  tugline analyze run.db\n"
      "  tugline analyze run.db data.json --threshold 0.01 --json\n"
      "The results are kept in the run store, in place of an earlier analysis; tugline plot --kind reads "
      "them there.");
  command->callback([options] { run_analyze(*options); });
}

}  // namespace tugline
