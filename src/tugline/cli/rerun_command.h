// `tugline rerun`.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace tugline {

// Adds the command. `command_line` goes into the new run's provenance.
void add_rerun_command(CLI::App& app, const std::string& command_line);

}  // namespace tugline
