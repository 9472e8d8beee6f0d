// `tugline man`: manual pages.
#pragma once

#include <CLI/CLI.hpp>

namespace tugline {

void add_man_command(CLI::App& app);

}  // namespace tugline
