// tugline report: one page that shows a run, with its analysis, figures and tables.
#pragma once

#include <CLI/CLI.hpp>

namespace tugline {

void add_report_command(CLI::App& app);

}  // namespace tugline
