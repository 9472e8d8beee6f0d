// The options of `tugline sweep` and `tugline tug` that choose the directions and the kind of push.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "tugline/model/config.h"
#include "tugline/options.h"
#include "tugline/probe/push_options.h"

namespace tugline {

struct DirectionArguments {
  std::string family = "isotropic";
  std::string push = "additive";
  std::string orthogonal_to;  // "residual", or a direction file; empty for neither
  std::string sharing = "common";
  int32_t null_directions = 0;
};

// Adds --null-directions, --direction-family, --push, --orthogonal-to and --direction-sharing, which write
// into `arguments`.
void add_direction_options(CLI::App& command, DirectionArguments& arguments);

// Sets what the arguments say.
void set_directions(const DirectionArguments& arguments, PushSettings& settings);

// Warns on stderr if the files of --direction-file and --orthogonal-to say that they were made for another
// model, hook or layer than the one that is pushed.
void warn_of_contradictions(const PushOptions& options, const PushedAt& at);

}  // namespace tugline
