#include "tugline/core/durable_rename.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace tugline {
namespace {

std::error_code last_error() { return {errno, std::generic_category()}; }

// Some file systems cannot synchronise a folder, and some folders may be written but not read: there the name
// is as durable as the system makes it.
std::error_code synchronise(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return errno == EACCES ? std::error_code() : last_error();
  const bool is_done = ::fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP || errno == ENOSYS;
  const std::error_code error = is_done ? std::error_code() : last_error();
  ::close(descriptor);
  return error;
}

}  // namespace

std::error_code rename_durably(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return last_error();
  return synchronise(to.has_parent_path() ? to.parent_path() : std::filesystem::path("."));
}

}  // namespace tugline
