// What the program says of an error, and the exit status that goes with it (docs/cli.md, "Exit status").
#pragma once

#include <string>

#include "tugline/core/error.h"

namespace tugline {

// 2 bad usage or input, 3 nothing to measure, 130 interrupted.
[[nodiscard]] int exit_status(ErrorCode code);

// A setting of the library is the option of its name: null_directions is --null-directions.
[[nodiscard]] std::string error_text(const Error& error);

}  // namespace tugline
