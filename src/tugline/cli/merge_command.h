// `tugline merge`.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace tugline {

// Adds the command. `command_line` goes into the new store's provenance.
void add_merge_command(CLI::App& app, const std::string& command_line);

}  // namespace tugline
