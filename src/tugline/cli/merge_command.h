// `tugline merge`.
#pragma once

#include <CLI/CLI.hpp>

namespace tugline {

void add_merge_command(CLI::App& app);

}  // namespace tugline
