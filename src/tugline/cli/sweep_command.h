// `tugline sweep`: the main job, into a run store.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace tugline {

// `command_line` goes into the run's provenance.
void add_sweep_command(CLI::App& app, const std::string& command_line);

}  // namespace tugline
