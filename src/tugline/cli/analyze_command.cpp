#include "tugline/cli/analyze_command.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "tugline/api/analysis.h"
#include "tugline/api/warn.h"
#include "tugline/cli/data_arguments.h"
#include "tugline/cli/help_text.h"
#include "tugline/cli/name_options.h"
#include "tugline/cli/number_options.h"
#include "tugline/cli/output_check.h"
#include "tugline/cli/session.h"
#include "tugline/cli/standard_output.h"
#include "tugline/report/analysis_tables.h"
#include "tugline/report/answers_text.h"
#include "tugline/store/analysis_names.h"
#include "tugline/store/run_store.h"

namespace tugline {
namespace {

struct Options {
  std::string store = {};
  DataArguments data = {};
  AnalysisSettings analysis = {};
  std::string table = {};
  bool json = false;
  bool no_store = false;
};

DataSource data_of(const Options& options) {
  return options.data.path.empty() ? DataSource{} : data_source(options.data);
}

// Each line by itself; the lines of a sentence that begins with "- " are indented under it.
std::string wrapped_lines(const std::string& text) {
  constexpr size_t kWidth = 100;
  std::istringstream lines(text);
  std::string wrapped_text;
  for (std::string line; std::getline(lines, line);)
    wrapped_text += wrapped(line, kWidth, line.starts_with("- ") ? 2 : 0) + '\n';
  return wrapped_text;
}

std::string output_of(const RunAnalysis& run, const Options& options) {
  if (!options.table.empty()) {
    const std::vector<ResultTable> tables = tables_of(run);
    const ResultTable& table =
        *std::ranges::find(tables, options.table, [](const ResultTable& t) { return t.name; });
    return options.json ? table_json(table) : table_text(table);
  }
  if (options.json) return analysis_json(tables_of(run));
  return wrapped_lines(answers_text(run.shown, answers_of(run))) +
         "\nMore: --table NAME prints one table whole (contrasts, length_contrasts, directions_needed, "
         "...).\n";
}

void run_analyze(const Options& options) {
  check_standard_output({options.store, options.data.path});
  RunStore store =
      options.no_store ? RunStore::open_read_only(options.store) : RunStore::open_to_annotate(options.store);
  warn_of_part(store, watch_on_stderr());
  const DataSource data = data_of(options);
  const RunAnalysis run = analyse_run(store, options.analysis, data, watch_on_stderr());
  if (!options.no_store && !keep_analysis(store, run))
    spdlog::info("an analysis of {} is printed and not kept: figures read the stored one, which is of kl",
                 run.whole.measure.name);
  write_to_standard_output(output_of(run, options));
}

void add_selection(CLI::App& command, Options& options) {
  command
      .add_option("--table", options.table,
                  "Print one table whole, in place of the answers; with --json as a list of objects")
      ->check(one_of(std::vector<std::string>(table::kAll.begin(), table::kAll.end())));
  command.add_option(
      "--measure", options.analysis.measure,
      "What is analysed (default kl): a measure of the table responses, such as js or "
      "delta_logprob; kl_own_row, kl_after, or kl_sum, the sum over the rows. Only an analysis "
      "of kl is kept in the store");
  command
      .add_option("--spans", options.analysis.spans,
                  "Print only these kinds of span: anchor, chunk, controls, control_matched ...; several, "
                  "separated by commas")
      ->delimiter(',');
  command.add_option("--layers", options.analysis.layers, "Print only these layers, separated by commas")
      ->delimiter(',')
      ->check(integer_from(0, std::numeric_limits<int32_t>::max()));
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
      "Answer questions about a run: anchors against controls, layers, directions, metrics, audit");
  command->add_option("RUN.db", options->store, "Run store made by tugline sweep")->required();
  command->add_option("DATA", options->data.path,
                      "The dataset that the run measured, for its per-chunk metrics; - is standard input");
  add_field_option(*command, options->data);
  add_selection(*command, *options);
  add_numbers(*command, options->analysis);
  command->add_flag("--json", options->json, "Print one JSON object with all tables in place of the answers");
  command->add_flag("--no-store", options->no_store, "Print only; do not keep the results in the run store");
  command->footer(
      "Examples:\n"
      "  tugline analyze run.db\n"
      "  tugline analyze run.db --table contrasts --spans control_matched --layers 20,24\n"
      "  tugline analyze run.db --measure kl_own_row\n"
      "  tugline analyze run.db data.json --threshold 0.01 --json\n"
      "The results for all spans and layers are kept in the run store, in place of an earlier analysis; "
      "tugline plot --kind and tugline export read them there. Without DATA the metrics of the earlier "
      "analysis are used again.");
  command->callback([options] { run_analyze(*options); });
}

}  // namespace tugline
