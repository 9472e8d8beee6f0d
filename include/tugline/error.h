// The one exception type of the library, with its closed set of codes. The library throws it for errors that
// a user can correct. It never prints and never exits.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

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
  kInterrupted,       // the user asked to stop
};

// A short stable name, such as "input", for logs and tests.
[[nodiscard]] TUGLINE_API std::string_view name_of(ErrorCode code);

// The message names the file, the field or the tensor, what was expected and what was found, and what to do
// about it. If it is about a setting, what() begins with that setting's name: "null_directions: ...".
class TUGLINE_API Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message, std::string setting = {})
      : std::runtime_error(setting.empty() ? message : setting + ": " + message),
        code_(code),
        setting_(std::move(setting)) {}
  [[nodiscard]] ErrorCode code() const noexcept { return code_; }
  // The setting's name in options.h or of the call's argument; empty if the message is about none.
  [[nodiscard]] const std::string& setting() const noexcept { return setting_; }
  // The message without the setting's name, for callers who spell settings in another way.
  [[nodiscard]] std::string_view message() const noexcept {
    return std::string_view(what()).substr(setting_.empty() ? 0 : setting_.size() + 2);
  }

 private:
  ErrorCode code_;
  std::string setting_;
};

}  // namespace tugline
