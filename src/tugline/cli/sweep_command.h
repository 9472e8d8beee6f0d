// `tugline sweep`: measures a dataset into a run store.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace tugline {

// Adds the command. `command_line` goes into the run's provenance.
void add_sweep_command(CLI::App& app, const std::string& command_line);

}  // namespace tugline
