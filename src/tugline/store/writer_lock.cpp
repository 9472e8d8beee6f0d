#include "tugline/store/writer_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <system_error>
#include <thread>

#include "tugline/core/error.h"

namespace tugline {
namespace {

std::string system_message(int error) { return std::generic_category().message(error); }

int open_lock_file(const std::filesystem::path& store, const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0) {
    const int error = errno;
    fail(ErrorCode::kIo, "{}: cannot write a run store there: {}: {}", store.string(), path.string(),
         system_message(error));
  }
  return descriptor;
}

std::string holder_of(int descriptor) {
  std::array<char, 32> text{};
  const ssize_t size = ::pread(descriptor, text.data(), text.size(), 0);
  return size > 0 ? fmt::format("process {}", std::string(text.data(), static_cast<size_t>(size)))
                  : std::string("another process");
}

// A writer that leaves removes the file: the one that was opened may no longer be the one that the name
// stands for.
bool is_still_there(int descriptor, const std::filesystem::path& path) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(descriptor, &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

void lock_or_fail(int descriptor, const std::filesystem::path& store, std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  int error = 0;
  for (;;) {
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
      return;
    }
    error = errno;
    if (error != EWOULDBLOCK || std::chrono::steady_clock::now() >= end) {
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  const std::string holder = holder_of(descriptor);
  ::close(descriptor);
  if (error == EWOULDBLOCK) {
    fail(ErrorCode::kIo, "{}: {} is writing this run store; wait for it to end, or give another file",
         store.string(), holder);
  }
  fail(ErrorCode::kIo, "{}: cannot lock the run store: {}", store.string(), system_message(error));
}

// Only for the message that a second writer sees. If it fails, the lock still holds.
void write_process_id(int descriptor) {
  const std::string text = std::to_string(::getpid());
  if (::ftruncate(descriptor, 0) == 0) {
    [[maybe_unused]] const ssize_t written = ::pwrite(descriptor, text.data(), text.size(), 0);
  }
}

}  // namespace

WriterLock::WriterLock(const std::filesystem::path& store, std::chrono::milliseconds patience)
    : path_(store.string() + "-lock") {
  for (;;) {
    descriptor_ = open_lock_file(store, path_);
    lock_or_fail(descriptor_, store, patience);
    if (is_still_there(descriptor_, path_)) {
      break;
    }
    ::close(descriptor_);
  }
  write_process_id(descriptor_);
}

WriterLock::~WriterLock() {
  ::unlink(path_.c_str());
  ::close(descriptor_);
}

}  // namespace tugline
