#include "tugline/report/output_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <string>
#include <system_error>
#include <utility>

#include "tugline/core/durable_rename.h"
#include "tugline/core/error.h"
#include "tugline/core/file_status.h"

namespace tugline {
namespace fs = std::filesystem;
namespace {

// The temporary file of a command that was killed: no process has its number any more, and nobody holds its
// lock (a process on another machine might).
bool is_abandoned(const fs::path& file, std::string_view process) {
  pid_t number = 0;
  const auto [end, error] = std::from_chars(process.data(), process.data() + process.size(), number);
  if (error != std::errc() || end != process.data() + process.size() || number <= 0) return false;
  if (::kill(number, 0) == 0 || errno != ESRCH) return false;
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool is_free = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
  ::close(descriptor);
  return is_free;
}

void remove_abandoned(const fs::path& folder, const std::string& prefix) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with(prefix) && is_abandoned(entry->path(), name.substr(prefix.size())))
      ::unlink(entry->path().c_str());
  }
}

// The end of a chain of symbolic links, whether or not there is a file yet.
fs::path behind_links(fs::path path) {
  constexpr int kMostLinks = 40;  // as the system itself follows
  for (int i = 0; i < kMostLinks && fs::is_symlink(link_status_of(path)); ++i) {
    std::error_code error;
    const fs::path next = fs::read_symlink(path, error);
    if (error) fail(ErrorCode::kIo, "{}: the link cannot be read: {}", path.string(), error.message());
    path = path.parent_path() / next;  // an absolute one replaces it
  }
  return path;
}

// True if the path names an open descriptor of this process. Its link is not a path ("pipe:[71]"), or is that
// of a file which the shell opened and which must not be replaced.
bool is_descriptor(const fs::path& path) {
  const std::string name = path.lexically_normal().string();
  return name == "/dev/stdout" || name == "/dev/stderr" || name.starts_with("/dev/fd/") ||
         name.starts_with("/proc/self/fd/");
}

}  // namespace

OutputFile::OutputFile(const fs::path& path) : path_(path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path);
  const fs::file_status status = status_of(absolute);
  if (fs::is_directory(status)) {
    fail(ErrorCode::kIo, "{}: is a folder; give the name of a file", path.string());
  }
  if (is_descriptor(absolute) || (fs::exists(status) && !fs::is_regular_file(status))) {
    descriptor_ = ::open(absolute.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  } else {
    const fs::path behind = behind_links(absolute);
    target_ = fs::weakly_canonical(behind, error);
    if (error) target_ = behind;
    const std::string prefix = fmt::format(".{}.part-", target_.filename().string());
    remove_abandoned(target_.parent_path(), prefix);
    temporary_ = target_.parent_path() / fmt::format("{}{}", prefix, ::getpid());
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (descriptor_ >= 0) {
      (void)::flock(descriptor_,
                    LOCK_EX | LOCK_NB);  // for is_abandoned; a file system without locks does without
    }
  }
  if (descriptor_ < 0) {
    fail_to_write(errno);
  }
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
  if (!temporary_.empty()) {
    ::unlink(temporary_.c_str());
  }
}

void OutputFile::fail_to_write(int error) const {
  fail(ErrorCode::kIo, "{}: cannot write: {}", path_.string(), std::generic_category().message(error));
}

void OutputFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      fail_to_write(errno);
    }
    bytes.remove_prefix(written < 0 ? 0 : static_cast<size_t>(written));
  }
}

void OutputFile::commit() {
  // Some file systems report a full disk only when the file is synchronised or closed. A pipe or device
  // cannot be synchronised and need not be.
  if (!temporary_.empty() && ::fsync(descriptor_) != 0 && errno != EINVAL) {
    fail_to_write(errno);
  }
  const int descriptor = std::exchange(descriptor_, -1);
  if (::close(descriptor) != 0) {
    fail_to_write(errno);
  }
  if (!temporary_.empty()) {
    if (const std::error_code error = rename_durably(temporary_, target_)) fail_to_write(error.value());
  }
  temporary_.clear();
}

}  // namespace tugline
