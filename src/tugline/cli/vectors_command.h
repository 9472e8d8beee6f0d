// `tugline vectors`: diff-in-means vectors of a dataset's sentences, as a file for --direction-file.
#pragma once

#include <CLI/CLI.hpp>

namespace tugline {

void add_vectors_command(CLI::App& app);

}  // namespace tugline
