// `tugline tug`: one text, at once.
#pragma once

#include <CLI/CLI.hpp>

namespace tugline {

void add_tug_command(CLI::App& app);

}  // namespace tugline
