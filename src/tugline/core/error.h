// How the library throws its one exception type, tugline::Error: what a user can mend, as a formatted message with a code of a
// closed set. Our own bugs are assertions, not Errors. The command line maps a code to an exit status (cli/main.cpp).
#pragma once

#include <fmt/format.h>

#include <utility>

#include "tugline/error.h"

namespace tugline {

// Throws Error with a formatted message.
template <typename... Args>
[[noreturn]] void fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace tugline
