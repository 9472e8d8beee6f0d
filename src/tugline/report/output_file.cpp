#include "tugline/report/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "tugline/core/error.h"

namespace tugline {
namespace fs = std::filesystem;

OutputFile::OutputFile(const fs::path& path) : path_(path) {
  std::error_code error;
  target_ = fs::weakly_canonical(fs::absolute(path), error);
  if (error) {
    target_ = fs::absolute(path);
  }
  const fs::file_status status = fs::status(target_, error);
  if (fs::is_directory(status)) {
    fail(ErrorCode::kIo, "{}: is a folder; give the name of a file", path.string());
  }
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    descriptor_ = ::open(target_.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    temporary_ = target_.parent_path() / fmt::format(".{}.part-{}", target_.filename().string(), ::getpid());
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  }
  if (descriptor_ < 0) {
    fail_to_write(errno);
  }
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
    if (!temporary_.empty()) {
      ::unlink(temporary_.c_str());
    }
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
  // Some file systems report a full disk only here. A pipe or device cannot be synchronised and need not be.
  if (!temporary_.empty() && ::fsync(descriptor_) != 0 && errno != EINVAL) {
    fail_to_write(errno);
  }
  if (!temporary_.empty() && ::rename(temporary_.c_str(), target_.c_str()) != 0) {
    fail_to_write(errno);
  }
  temporary_.clear();
  const int descriptor = std::exchange(descriptor_, -1);
  if (::close(descriptor) != 0) {
    fail_to_write(errno);
  }
}

}  // namespace tugline
