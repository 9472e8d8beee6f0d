#include "tugline/files/hub/partial_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include "tugline/core/error.h"

namespace tugline {
namespace {

constexpr size_t kPiece = size_t{1} << 20;

}  // namespace

PartialFile::PartialFile(std::filesystem::path path, std::optional<DigestKind> kind,
                         std::optional<int64_t> size, const std::function<void()>& check)
    : path_(std::move(path)), kind_(kind), whole_size_(size) {
  descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail_to_write(errno);
  restart_digest();
  std::vector<std::byte> piece(kPiece);
  try {
    for (;;) {
      check();
      const ssize_t read = ::pread(descriptor_, piece.data(), piece.size(), size_);
      if (read < 0 && errno == EINTR) continue;
      if (read < 0) fail(ErrorCode::kIo, "{}: cannot be read: {}", path_.string(), std::strerror(errno));
      if (read == 0) return;
      if (digest_) digest_->add(std::span(piece).first(static_cast<size_t>(read)));
      size_ += read;
    }
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

PartialFile::~PartialFile() { ::close(descriptor_); }

void PartialFile::fail_to_write(int error) const {
  const bool is_full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  fail(ErrorCode::kIo, "{}: cannot be written: {}{}", path_.string(), std::strerror(error),
       is_full ? fmt::format("; its {} bytes are kept: make room and run the same command again", size_)
               : "; HF_HUB_CACHE names another place");
}

void PartialFile::restart_digest() {
  // git's checksum begins with the size: without one there is none.
  const bool can_be = kind_ && (*kind_ != DigestKind::kGitBlob || whole_size_);
  if (can_be) digest_.emplace(*kind_, static_cast<uint64_t>(whole_size_.value_or(0)));
}

void PartialFile::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    // At its own place, not at the end: two processes that write the same file (locks do not work everywhere)
    // write the same bytes.
    const ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), size_);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail_to_write(written < 0 ? errno : ENOSPC);
    if (digest_) digest_->add(bytes.first(static_cast<size_t>(written)));
    size_ += written;
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
}

void PartialFile::clear() {
  if (::ftruncate(descriptor_, 0) != 0) fail_to_write(errno);
  size_ = 0;
  restart_digest();
}

std::string PartialFile::digest() { return digest_ ? digest_->finish() : ""; }

void PartialFile::rename_to(const std::filesystem::path& path) {
  if (::fsync(descriptor_) != 0 && errno != EINVAL && errno != ENOTSUP) fail_to_write(errno);
  std::error_code error;
  std::filesystem::rename(path_, path, error);
  if (error)
    fail(ErrorCode::kIo, "{}: cannot be renamed to {}: {}", path_.string(), path.string(), error.message());
}

void PartialFile::remove() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

}  // namespace tugline
