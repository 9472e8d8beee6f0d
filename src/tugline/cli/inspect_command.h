// `tugline inspect`: what a model is, and how its tokenizer cuts a text or a dataset. Reads no weights.
#pragma once

#include <CLI/CLI.hpp>

namespace tugline {

void add_inspect_command(CLI::App& app);

}  // namespace tugline
