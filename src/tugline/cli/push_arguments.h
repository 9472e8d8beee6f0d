// The options that `tugline sweep` and `tugline tug` share: which pushes are made, and how they are read.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tugline/model/config.h"
#include "tugline/options.h"
#include "tugline/probe/unit.h"

namespace tugline {

// The help of --layers.
inline constexpr const char* kLayersHelp =
    "last, all, numbers (20,22; -1 is the last), or ranges that leave out their end (20:24 is 20 to 23, -3: "
    "the "
    "last three, 0:30:3 every third)";

struct PushArguments {
  std::string layers = "last";
  std::string hook = "resid_post";
  std::optional<int64_t> head;
  std::string at = "before";
  std::string epsilons = "0,0.25,0.5,1,2";
  int32_t directions = 8;
  std::string seed = "42";
  std::string readout = "predicting";
  std::string bos = "auto";
  std::string direction_file;
  std::string precision = "f32";
  std::string vocabulary = "exact";
  double temperature = 1;
  std::string answers;       // as cli/answers takes them
  int64_t moved_tokens = 0;  // of those that rose, and of those that fell
  int threads = 0;           // 0: the machine's
};

// The names of hooks, for a check and for a help.
[[nodiscard]] std::vector<std::string> hook_list();
[[nodiscard]] std::string hook_names();

// Adds those that decide how the model is computed: --precision and --threads.
void add_model_options(CLI::App& command, PushArguments& arguments);

// Adds the options to `command`, which write into `arguments`.
void add_push_options(CLI::App& command, PushArguments& arguments);

// Puts them, and the other sweep options that the command has, into groups of its help.
void group_push_options(CLI::App& command);

// What the arguments mean for a model of so many layers. Errors: kUsage.
[[nodiscard]] PushSettings settings_of(const PushArguments& arguments, int64_t num_layers);

// How the arguments have the model computed.
[[nodiscard]] ModelOptions model_options(const PushArguments& arguments);

}  // namespace tugline
