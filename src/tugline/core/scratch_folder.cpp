#include "tugline/core/scratch_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "tugline/core/error.h"

namespace tugline {
namespace fs = std::filesystem;
namespace {

int open_folder(const fs::path& path) {
  return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

void remove_abandoned(const fs::path& all, const std::string& prefix) {
  std::error_code error;
  for (fs::directory_iterator entry(all, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(prefix) || name.size() != prefix.size() + 6) continue;
    const int descriptor = open_folder(entry->path());
    if (descriptor < 0) continue;
    std::error_code ignored;
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) fs::remove_all(entry->path(), ignored);
    ::close(descriptor);
  }
}

// False if another process has just taken the new folder for an abandoned one.
bool is_reserved(int descriptor) {
  struct stat status {};
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return false;
  return ::fstat(descriptor, &status) == 0 && status.st_nlink > 0;
}

}  // namespace

ScratchFolder::ScratchFolder(const std::string& prefix) {
  std::error_code error;
  const fs::path all = fs::temp_directory_path(error);
  remove_abandoned(all, prefix);
  for (;;) {
    std::string name = (all / (prefix + "XXXXXX")).string();
    if (error || ::mkdtemp(name.data()) == nullptr)
      fail(ErrorCode::kIo, "{}: a temporary folder cannot be made: {}; TMPDIR can name another place", name,
           error ? error.message() : std::generic_category().message(errno));
    path_ = name;
    descriptor_ = open_folder(path_);
    if (descriptor_ < 0 || is_reserved(descriptor_)) return;
    ::close(descriptor_);
  }
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace tugline
