// The one exception type that the library throws for what a user can mend, with its closed set of codes.
// Our own bugs are assertions, not Errors. The library never prints and never exits: the command line maps
// a code to an exit status (cli/main.cpp).
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace tugline {

enum class ErrorCode {
  kUsage,             // an argument or option that cannot be: out of range, not a number, contradictory
  kInput,             // a file's content is not what its format says
  kUnsupported,       // well-formed, but asks for something tugline does not have
  kNotFound,          // a file, tensor or example that is not there
  kIo,                // the operating system refused: permissions, full disk
  kConflict,          // an existing store was made by a different configuration
  kNothingToMeasure,  // every example was skipped
  kInterrupted,       // the user asked to stop; what was finished is kept
};

// A short stable name, such as "input", for logs and tests.
[[nodiscard]] std::string_view name_of(ErrorCode code);

class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  [[nodiscard]] ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

// Throws Error with a formatted message. Messages name the file, the field or tensor, what was expected and
// what was found, and what to do about it.
template <typename... Args>
[[noreturn]] void fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace tugline
