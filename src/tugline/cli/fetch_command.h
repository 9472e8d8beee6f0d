// `tugline fetch`.
#pragma once

#include <CLI/CLI.hpp>

namespace tugline {

void add_fetch_command(CLI::App& app);

}  // namespace tugline
