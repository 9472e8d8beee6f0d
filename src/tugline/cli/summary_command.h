// tugline summary: the table of a run, for people or as JSON.
#pragma once

#include <CLI/CLI.hpp>

namespace tugline {

void add_summary_command(CLI::App& app);

}  // namespace tugline
