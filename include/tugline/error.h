// The one exception type of the library, with its closed set of codes. The library throws it for errors that a user can correct. It
// never prints and never exits.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

// Marks what the shared library exports; everything else is hidden.
#if defined(__GNUC__)
#define TUGLINE_API __attribute__((visibility("default")))
#else
#define TUGLINE_API
#endif

namespace tugline {

enum class ErrorCode {
  kUsage,             // an impossible argument or option: out of range, not a number, contradictory
  kInput,             // a file's content is not what its format says
  kUnsupported,       // well-formed, but asks for something tugline does not have
  kNotFound,          // a file, tensor or example that is not there
  kIo,                // the operating system refused: permissions, full disk
  kConflict,          // an existing store was made by a different configuration
  kNothingToMeasure,  // every example was skipped
  kInterrupted,       // the user asked to stop; finished work is kept
};

// A short stable name, such as "input", for logs and tests.
[[nodiscard]] TUGLINE_API std::string_view name_of(ErrorCode code);

// The message names the file, the field or the tensor, what was expected and what was found, and what to do about it.
class TUGLINE_API Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  [[nodiscard]] ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace tugline
