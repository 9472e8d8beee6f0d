#include "tugline/core/file_status.h"

#include <system_error>

#include "tugline/core/error.h"

namespace tugline {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail_to_say(const fs::path& path, const std::error_code& error) {
  fail(ErrorCode::kIo, "{}: the system cannot say what it is: {}", path.string(), error.message());
}

// The system's word for "nothing is there" sets an error code as well.
fs::file_status known(const fs::file_status& status, const fs::path& path, const std::error_code& error) {
  if (status.type() == fs::file_type::none) fail_to_say(path, error);
  return status;
}

}  // namespace

fs::file_status status_of(const fs::path& path) {
  std::error_code error;
  return known(fs::status(path, error), path, error);
}

fs::file_status link_status_of(const fs::path& path) {
  std::error_code error;
  return known(fs::symlink_status(path, error), path, error);
}

bool is_there(const fs::path& path) { return fs::exists(status_of(path)); }

uintmax_t size_of(const fs::path& path) {
  std::error_code error;
  const uintmax_t size = fs::file_size(path, error);
  if (error) fail_to_say(path, error);
  return size;
}

}  // namespace tugline
