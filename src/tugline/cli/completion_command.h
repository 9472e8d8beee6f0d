// `tugline completion`: scripts for shells.
#pragma once

#include <CLI/CLI.hpp>

namespace tugline {

void add_completion_command(CLI::App& app);

}  // namespace tugline
