// `tugline sweep`: the main job, into a run store.
#pragma once

#include <CLI/CLI.hpp>

namespace tugline {

void add_sweep_command(CLI::App& app);

}  // namespace tugline
