#include "tugline/cli/sweep_arguments.h"

#include <fmt/format.h>

#include <set>

#include "tugline/api/launched_shard.h"
#include "tugline/api/settings.h"
#include "tugline/cli/model_argument.h"
#include "tugline/cli/name_options.h"
#include "tugline/cli/number_lists.h"
#include "tugline/cli/number_options.h"
#include "tugline/cli/option_defaults.h"
#include "tugline/cli/session.h"
#include "tugline/core/error.h"
#include "tugline/core/suggestion.h"

namespace tugline {
namespace {

// `notebook`: what a notebook over a hooked model runs. `full`: the study of every sentence. (docs/method.md,
// "Presets".)
OptionValues preset_values(const std::string& name) {
  if (name == "notebook")
    return {{"layers", "last"},    {"epsilons", "0,0.25,0.5,1,2"},
            {"directions", "8"},   {"direction-sharing", "independent"},
            {"max-examples", "8"}, {"seed", "42"},
            {"bos", "never"},      {"readout", "following"}};
  if (name == "full")
    return {{"spans", "chunks"}, {"layers", "20,22,24,26"}, {"epsilons", "0:10:21"}, {"directions", "32"}};
  return {};
}

std::vector<std::string> parse_spans(const std::string& text) {
  const std::set<std::string> known{"anchor", "anchors", "chunk", "chunks", "control", "controls"};
  std::vector<std::string> names;
  for (const std::string& part : CLI::detail::split(text, ',')) {
    names.push_back(CLI::detail::trim_copy(part));
    if (!known.contains(names.back()))
      fail(ErrorCode::kUsage,
           "--spans: '{}' is not anchor, chunks or controls (or several: anchor,controls){}", names.back(),
           suggestion_for(names.back(), {"anchor", "chunks", "controls"}));
  }
  return names;
}

void add_files(CLI::App& command, SweepArguments& a) {
  command.add_option("MODEL", a.model, kModelHelp)->required();
  command.add_option("DATA", a.data.path, "The dataset, JSON or JSON Lines; - is standard input")->required();
  add_field_option(command, a.data);
  command
      .add_option("-o,--output", a.output,
                  "The run store to write; an existing store of the same run is resumed, or grows")
      ->type_name("RUN.db");
  command
      .add_option(
          "--preset", a.preset,
          "notebook: last layer, 8 independent directions, 8 examples, no BOS, readout following; "
          "full: every chunk, "
          "layers 20,22,24,26, 21 epsilons from 0 to 10, 32 directions. Options you give override the preset")
      ->check(one_of({"notebook", "full"}));
  command
      .add_option("--config", a.config,
                  "A TOML file of options by their long names; the command line overrides it")
      ->type_name("FILE.toml");
}

void check_output(const SweepArguments& a) {
  if (a.json && !a.dry_run)
    fail(ErrorCode::kUsage, "--json: give --dry-run too; without it a sweep prints no result");
  if (a.output.empty() && !a.dry_run)
    fail(ErrorCode::kUsage, "--output is required: the run store to write (only --dry-run does without)");
}

}  // namespace

void add_sweep_options(CLI::App& command, SweepArguments& a) {
  add_files(command, a);
  add_push_options(command, a.push);
  command
      .add_option("--spans", a.spans,
                  "What is measured: anchor, chunks, controls (comparisons for each anchor), or several: "
                  "anchor,controls")
      ->capture_default_str();
  add_direction_options(command, a.directions);
  command
      .add_option("--max-examples", a.max_examples,
                  "Measure only the first N examples that have an anchor; with --spans chunks, the first N")
      ->check(integer_from(1, int64_t{1} << 40));
  command
      .add_option(
          "--audit", a.audit,
          "How many pushes of each unit (one span at one layer) are also rerun plainly in f64, as a check")
      ->check(integer_from(0, 1'000'000))
      ->capture_default_str();
  command
      .add_option(
          "--memory-limit", a.memory_limit,
          "Working memory that a batch of pushes may take, in addition to the weights, such as 512MiB")
      ->capture_default_str();
  command
      .add_option("--batch-rows", a.batch_rows,
                  "Largest number of rows in a batch of pushes: more rows take more memory, fewer are slower")
      ->check(integer_from(1, 1'000'000))
      ->capture_default_str();
  command
      .add_option(
          "--shard", a.shard,
          "Measure only part I of N, of about equal cost, into a store of its own; tugline merge joins the "
          "stores. auto: the part of this rank of mpirun or srun, or of this task of a Slurm array; "
          "{shard} in the output's name is replaced by the part")
      ->type_name("I/N|auto");
  CLI::Option* nodes = command.add_flag("--nodes", a.nodes,
                                        "Measure only as many of the epsilons as predict the others; tugline "
                                        "export --table interpolated has these");
  command
      .add_option("--node-tolerance", a.node_tolerance,
                  "The relative error of KL to which --nodes predicts left-out epsilons")
      ->check(number_from(1e-9, 0.5))
      ->needs(nodes)
      ->capture_default_str();
  command.add_flag(
      "--keep-going", a.keep_going,
      "If a number of a unit is not finite, record that the unit failed and why, and measure the "
      "others; the exit status is then 4. The same command tries failed units again");
  command.add_flag("--dry-run", a.dry_run,
                   "Print what the sweep would do, and the time and memory that it would take; run nothing, "
                   "read no weights");
  command.add_flag("--json", a.json, "Print the plan of --dry-run as one JSON object");
  group_push_options(command);
}

void apply_config_and_preset(CLI::App& command, SweepArguments& arguments) {
  if (!arguments.config.empty())
    apply_option_values(command, read_option_file(arguments.config), arguments.config);
  OptionValues values = preset_values(arguments.preset);
  // These directions are the same at every epsilon, so the preset's value does not apply.
  if (!arguments.push.direction_file.empty() || arguments.directions.family == "principal")
    std::erase_if(values, [](const auto& value) { return value.first == "direction-sharing"; });
  apply_option_values(command, values, "preset " + arguments.preset);
  check_output(arguments);
}

void resolve_shard(SweepArguments& a) {
  const bool is_auto = a.shard == "auto";
  const bool has_place = has_place_for_shard(a.output);
  if (!a.shard && has_place)
    fail(ErrorCode::kUsage, "--output: {} stands for a part of the run; give --shard auto or --shard I/N",
         "{shard}");
  if (!a.shard) return;
  const Shard shard = is_auto ? launched_shard(environment_variable) : parse_shard(*a.shard);
  if (is_auto && shard.count > 1 && !has_place && !a.output.empty())
    fail(ErrorCode::kUsage,
         "--output: each of the {} parts needs a store of its own; give a name with {} in it, such as {}",
         shard.count, "{shard}", "run-{shard}.db");
  a.shard = fmt::format("{}/{}", shard.number, shard.count);
  a.output = path_of_shard(a.output, shard);
}

SweepSettings settings_of(const SweepArguments& a, int64_t num_layers) {
  SweepSettings settings;
  settings.push = settings_of(a.push, num_layers);
  set_directions(a.directions, settings.push);
  settings.push.audit = a.audit;
  settings.push.memory_limit = parse_bytes(a.memory_limit);
  settings.push.batch_rows = a.batch_rows;
  settings.spans = parse_spans(a.spans);
  settings.bos = a.push.bos;
  if (a.max_examples > 0) settings.max_examples = a.max_examples;
  if (a.nodes) settings.node_tolerance = a.node_tolerance;
  settings.keep_going = a.keep_going;
  if (a.shard) {
    const Shard shard = parse_shard(*a.shard);
    settings.shard = shard.number;
    settings.shards = shard.count;
  }
  return settings;
}

}  // namespace tugline
