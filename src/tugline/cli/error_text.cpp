#include "tugline/cli/error_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace tugline {

int exit_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNothingToMeasure:
      return 3;
    case ErrorCode::kInterrupted:
      return 130;
    default:
      return 2;
  }
}

std::string error_text(const Error& error) {
  if (error.setting().empty()) return error.what();
  std::string option = error.setting();
  std::ranges::replace(option, '_', '-');
  return fmt::format("--{}: {}", option, error.message());
}

}  // namespace tugline
