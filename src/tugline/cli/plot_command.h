// tugline plot: the figure of a run, KL against epsilon with bands.
#pragma once

#include <CLI/CLI.hpp>

namespace tugline {

void add_plot_command(CLI::App& app);

}  // namespace tugline
