// `tugline dose`: the epsilon at which each curve of a run reaches a KL.
#pragma once

#include <CLI/CLI.hpp>

namespace tugline {

void add_dose_command(CLI::App& app);

}  // namespace tugline
