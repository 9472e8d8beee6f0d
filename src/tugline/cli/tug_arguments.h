// The options of `tugline tug`, which are also those of a line of `tugline repl`.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "tugline/cli/data_arguments.h"
#include "tugline/cli/direction_arguments.h"
#include "tugline/cli/push_arguments.h"
#include "tugline/cli/tug_text.h"
#include "tugline/options.h"

namespace tugline {

struct TugArguments {
  std::string text;
  std::string text_file;
  std::string ids;
  DataArguments data;
  int64_t example = 0;
  std::string span;
  std::string sentence;
  bool every_sentence = false;
  PushArguments push;
  DirectionArguments directions;
  int64_t audit = 0;
  bool list = false;
  bool json = false;
};

// Adds the options to `command`, which write into `arguments`.
void add_tug_options(CLI::App& command, TugArguments& arguments);

// What they say of the text; reads the file of --text-file. Errors: kUsage for too many or too few of them; a
// file that cannot be read.
[[nodiscard]] TextArguments text_arguments(const CLI::App& command, const TugArguments& arguments);

// What they say of the pushes, for a model of so many layers; without answers. Errors: kUsage.
[[nodiscard]] PushSettings settings_of(const TugArguments& arguments, int64_t num_layers);

}  // namespace tugline
