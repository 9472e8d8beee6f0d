#include "tugline/cli/merge_command.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <string>
#include <vector>

#include "tugline/api/merge_report.h"
#include "tugline/api/session_facts.h"
#include "tugline/api/warn.h"
#include "tugline/cli/output_check.h"
#include "tugline/cli/session.h"
#include "tugline/core/plural.h"
#include "tugline/store/field_names.h"
#include "tugline/store/merge.h"
#include "tugline/store/run_store.h"

namespace tugline {
namespace {

struct Options {
  std::string output = {};
  std::vector<std::string> inputs = {};
  std::string command_line = {};  // as it was typed
};

std::string units_text(int64_t units, const std::optional<int64_t>& planned) {
  return planned ? fmt::format("{} of {}", units, counted(*planned, "unit")) : counted(units, "unit");
}

void report_input(const MergedInput& input) {
  spdlog::info(
      "{}: {}, {}{}", input.path.string(), described(input.shard),
      units_text(input.units, input.units_planned),
      input.repeated > 0 ? fmt::format(", {} of them the same as an earlier file's", input.repeated) : "");
  if (input.has_analysis)
    spdlog::info(
        "{}: its analysis was of a part and is left out; tugline analyze makes one of the merged run",
        input.path.string());
}

void run_merge(const Options& options) {
  check_output({.path = options.output, .kind = OutputKind::kRunStore, .inputs = options.inputs});
  Provenance facts = session_facts();
  facts[field::kCommandLine] = options.command_line;
  const MergeReport report =
      merge_stores(options.output, {options.inputs.begin(), options.inputs.end()}, facts);
  for (const MergedInput& input : report.inputs) report_input(input);
  for (const std::string& sentence : missing_of(report)) spdlog::warn("{}", sentence);
  warn_of_part(RunStore::open_read_only(options.output), watch_on_stderr());
  spdlog::info("done: {}, {}", options.output, units_text(report.units, report.units_planned));
}

}  // namespace

void add_merge_command(CLI::App& app, const std::string& command_line) {
  auto options = std::make_shared<Options>();
  options->command_line = command_line;
  CLI::App* command = app.add_subcommand("merge", "Join run stores of one identity into one");
  command->add_option("OUT.db", options->output, "The run store to make; it must not exist")->required();
  command->add_option("A.db", options->inputs, "Run stores of tugline sweep that hold parts of one run")
      ->required()
      ->expected(1, -1);
  command->footer(
      "Examples:\n"
      "  tugline merge run.db part1.db part2.db part3.db part4.db\n"
      "  tugline merge run.db part*.db\n"
      "The stores may be shards, or runs over other layers, spans, examples, epsilons or directions. "
      "Examples, skips, "
      "sessions and units are copied; analyses are not. Merged shards equal the store of a "
      "run that was never sharded. If units are missing, the sweep's command without --shard measures them.");
  command->callback([options] { run_merge(*options); });
}

}  // namespace tugline
