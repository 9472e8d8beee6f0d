// Turns a caller's settings into a figure.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "tugline/options.h"
#include "tugline/report/figure.h"

namespace tugline {

// The names of the kinds of figures.
[[nodiscard]] std::vector<std::string_view> plot_kinds();

// Checks the settings. Errors (kUsage): an unknown kind; settings that the kind would ignore; several runs
// for a kind that draws one.
void check_plot(const PlotSettings& settings, size_t runs);

// The figure of the runs, which are read from the stores at `paths`. Errors: those of check_plot; what the
// run does not have.
[[nodiscard]] Figure plotted(const std::vector<std::filesystem::path>& paths, const PlotSettings& settings,
                             FigureFormat format);

}  // namespace tugline
