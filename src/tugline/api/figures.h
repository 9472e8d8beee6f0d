// Turns a caller's settings for a figure into gnuplot's program.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tugline/options.h"
#include "tugline/report/figure.h"
#include "tugline/store/run_store.h"

namespace tugline {

// Checks the settings. Errors (kUsage): an unknown kind; settings that the kind would ignore; several runs for a kind that draws one.
void check_plot(const PlotSettings& settings, size_t runs);

// The program that draws the runs, which are read from the stores at `paths`. Errors: those of check_plot; what the run does not have.
[[nodiscard]] std::string plot_script(const std::vector<std::filesystem::path>& paths,
                                      const PlotSettings& settings, FigureFormat format);

}  // namespace tugline
