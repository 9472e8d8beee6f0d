// tugline analyze: intervals, contrasts, components of variance, shapes of curves, and correlations with the
// dataset's metrics.
#pragma once

#include <CLI/CLI.hpp>

namespace tugline {

void add_analyze_command(CLI::App& app);

}  // namespace tugline
