// `tugline repl`: tugs line by line, with a model that stays loaded.
#pragma once

#include <CLI/CLI.hpp>

namespace tugline {

void add_repl_command(CLI::App& app);

}  // namespace tugline
