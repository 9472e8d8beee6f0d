// `tugline verify`.
#pragma once

#include <CLI/CLI.hpp>

namespace tugline {

void add_verify_command(CLI::App& app);

}  // namespace tugline
