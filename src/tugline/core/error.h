// How the library throws its one exception type, tugline::Error: what a user can mend, as a formatted message
// with a code of a closed set. Our own bugs are assertions, not Errors. The command line maps a code to an
// exit status (cli/main.cpp).
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>

#include "tugline/error.h"

namespace tugline {

// Throws Error with a formatted message.
template <typename... Args>
[[noreturn]] void fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

// The same about a setting, by its name in include/tugline/options.h. The message does not repeat the name,
// and names other settings in words: the command line and Python spell them differently.
template <typename... Args>
[[noreturn]] void fail_setting(ErrorCode code, std::string setting, fmt::format_string<Args...> format,
                               Args&&... args) {
  throw Error(code, fmt::format(format, std::forward<Args>(args)...), std::move(setting));
}

// fail_setting with kUsage: the setting has an impossible value.
template <typename... Args>
[[noreturn]] void refuse(std::string setting, fmt::format_string<Args...> format, Args&&... args) {
  fail_setting(ErrorCode::kUsage, std::move(setting), format, std::forward<Args>(args)...);
}

}  // namespace tugline
