// The options of `tugline sweep`: names, presets, and the settings that follow from them.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "tugline/cli/data_arguments.h"
#include "tugline/cli/direction_arguments.h"
#include "tugline/cli/push_arguments.h"
#include "tugline/options.h"
#include "tugline/probe/sweep.h"

namespace tugline {

struct SweepArguments {
  std::string model;
  DataArguments data;
  std::string output;
  std::string preset;
  std::string config;
  PushArguments push;
  std::string spans = "anchor";
  DirectionArguments directions;
  int64_t max_examples = 0;  // 0: all
  std::string memory_limit = "4GiB";
  int64_t audit = 1;  // pushes of a unit
  int64_t batch_rows = kBatchRows;
  std::optional<std::string> shard;  // "2/4" or "auto"; none: all of the run
  bool nodes = false;
  double node_tolerance = 1e-3;
  bool keep_going = false;
  bool dry_run = false;
  bool json = false;
  std::string command_line;  // as it was typed, for the run's provenance
};

// Adds the options to `command`, which write into `arguments`.
void add_sweep_options(CLI::App& command, SweepArguments& arguments);

// Sets the options that the command line left out: from --config, then from --preset.
void apply_config_and_preset(CLI::App& command, SweepArguments& arguments);

// Finds the shard that "auto" stands for, and puts the shard into the output's name. Errors: kUsage.
void resolve_shard(SweepArguments& arguments);

// What the arguments mean for a model of so many layers. Errors: kUsage.
[[nodiscard]] SweepSettings settings_of(const SweepArguments& arguments, int64_t num_layers);

}  // namespace tugline
