// tugline export: a run's tables as CSV or JSON.
#pragma once

#include <CLI/CLI.hpp>

namespace tugline {

void add_export_command(CLI::App& app);

}  // namespace tugline
