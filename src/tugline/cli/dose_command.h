// `tugline dose`: the epsilon at which each curve of a run reaches a KL.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace tugline {

// Adds the command. `command_line` goes into the provenance of further pushes.
void add_dose_command(CLI::App& app, const std::string& command_line);

}  // namespace tugline
