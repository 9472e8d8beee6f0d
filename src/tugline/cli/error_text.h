// What the program says of an error, and the exit status that goes with it (docs/cli.md, "Exit status").
#pragma once

#include <stdexcept>
#include <string>

#include "tugline/core/error.h"

namespace tugline {

// What the command was asked to do is done, and the numbers are not all as they should be: units failed, a
// store is damaged, a rerun has other numbers.
class FoundFault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
inline constexpr int kFaultStatus = 4;

// 2 bad usage or input, 3 nothing to measure, 130 interrupted.
[[nodiscard]] int exit_status(ErrorCode code);

// A setting of the library is the option of its name: null_directions is --null-directions.
[[nodiscard]] std::string error_text(const Error& error);

}  // namespace tugline
