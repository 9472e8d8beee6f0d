#include "tugline/files/hub/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "tugline/core/error.h"

namespace tugline {
namespace {

// Others may write: a cache can be shared by a group.
constexpr mode_t kMode = 0664;

int opened(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kMode);
  if (descriptor < 0)
    fail(ErrorCode::kIo, "{}: the lock of a download cannot be made: {}", path.string(),
         std::strerror(errno));
  return descriptor;
}

// Whoever held the lock may have removed its file: then the next process would lock another one.
bool is_still_there(int descriptor, const std::filesystem::path& path) {
  struct stat held {};
  struct stat there {};
  return ::fstat(descriptor, &held) == 0 && ::stat(path.c_str(), &there) == 0 &&
         held.st_ino == there.st_ino && held.st_dev == there.st_dev;
}

}  // namespace

FileLock::FileLock(const std::filesystem::path& path, const std::function<void()>& wait) {
  descriptor_ = opened(path);
  for (;;) {
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) {
      if (is_still_there(descriptor_, path)) return;
      ::close(descriptor_);
      descriptor_ = opened(path);
      continue;
    }
    if (errno != EWOULDBLOCK && errno != EINTR) return;  // no locks on this file system
    try {
      wait();
    } catch (...) {
      ::close(descriptor_);
      throw;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

FileLock::~FileLock() { ::close(descriptor_); }

}  // namespace tugline
