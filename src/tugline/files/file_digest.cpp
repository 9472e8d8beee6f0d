#include "tugline/files/file_digest.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>
#include <vector>

#include "tugline/core/error.h"
#include "tugline/core/parallel_for.h"
#include "tugline/files/digest_cache.h"
#include "tugline/files/hub/digest.h"

namespace tugline {
namespace fs = std::filesystem;
namespace {

constexpr uint64_t kBlock = uint64_t{16} << 20;
constexpr size_t kRead = size_t{1} << 20;  // bytes that a thread reads at once

int64_t blocks_of(uint64_t size) { return static_cast<int64_t>((size + kBlock - 1) / kBlock); }

uint64_t size_of_block(uint64_t size, int64_t block) {
  return std::min(kBlock, size - static_cast<uint64_t>(block) * kBlock);
}

std::string digest_of_blocks(const std::vector<std::string>& blocks) {
  Digest all(DigestKind::kSha256, 0);
  for (const std::string& block : blocks) {
    std::array<std::byte, 32> bytes{};
    for (size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<std::byte>(std::stoi(block.substr(2 * i, 2), nullptr, 16));
    all.add(bytes);
  }
  return all.finish();
}

class OpenFile {
 public:
  explicit OpenFile(fs::path path)
      : path_(std::move(path)), descriptor_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0) fail_to_read(errno);
    if (::fstat(descriptor_, &state_) != 0) fail_to_read(errno);
  }
  ~OpenFile() { ::close(descriptor_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  [[nodiscard]] const struct stat& state() const { return state_; }
  [[nodiscard]] uint64_t size() const { return static_cast<uint64_t>(state_.st_size); }

  void read(uint64_t begin, std::span<std::byte> out) const {
    while (!out.empty()) {
      const ssize_t count = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(begin));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail_to_read(errno);
      if (count == 0)
        fail(ErrorCode::kIo, "{}: became shorter while it was read; do not write to it", path_.string());
      begin += static_cast<uint64_t>(count);
      out = out.subspan(static_cast<size_t>(count));
    }
  }

 private:
  [[noreturn]] void fail_to_read(int error) const {
    fail(error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo, "{}: cannot be read: {}", path_.string(),
         std::generic_category().message(error));
  }

  fs::path path_;
  int descriptor_;
  struct stat state_ {};
};

std::string digest_of(const OpenFile& file, const DigestCall& call) {
  std::vector<std::string> blocks(static_cast<size_t>(blocks_of(file.size())));
  parallel_for_with<Schedule::kDynamic>(
      std::ssize(blocks), [] { return std::vector<std::byte>(kRead); },
      [&](std::vector<std::byte>& buffer, int64_t block) {
        if (call.keep_going && !call.keep_going()) throw Error(ErrorCode::kInterrupted, "interrupted");
        Digest digest(DigestKind::kSha256, 0);
        const uint64_t begin = static_cast<uint64_t>(block) * kBlock;
        const uint64_t size = size_of_block(file.size(), block);
        for (uint64_t at = 0; at < size; at += kRead) {
          const auto part = std::span(buffer).first(std::min<uint64_t>(kRead, size - at));
          file.read(begin + at, part);
          digest.add(part);
        }
        blocks[static_cast<size_t>(block)] = digest.finish();
      });
  return digest_of_blocks(blocks);
}

}  // namespace

fs::path digest_cache_folder() {
  const auto from_environment = [](const char* name) {
    const char* value = std::getenv(name);
    return fs::path(value == nullptr ? "" : value);
  };
  // The specification of XDG says that a relative path there counts as none.
  if (const fs::path cache = from_environment("XDG_CACHE_HOME"); cache.is_absolute())
    return cache / "tugline" / "digests";
  const fs::path home = from_environment("HOME");
  return home.is_absolute() ? home / ".cache" / "tugline" / "digests" : fs::path();
}

std::string file_digest(const fs::path& path, const DigestCall& call) {
  const fs::path absolute = fs::absolute(path);
  const OpenFile file(absolute);
  const bool is_cached = file.size() >= call.smallest_cached;
  const DigestCache cache(is_cached ? call.cache : fs::path(), call.warn);
  if (const auto known = cache.find(absolute, file.state())) return *known;
  const std::string digest = digest_of(file, call);
  cache.keep(absolute, file.state(), digest);
  return digest;
}

std::string bytes_digest(std::span<const std::byte> bytes) {
  std::vector<std::string> blocks(static_cast<size_t>(blocks_of(bytes.size())));
  parallel_for<Schedule::kDynamic>(std::ssize(blocks), [&](int64_t block) {
    Digest digest(DigestKind::kSha256, 0);
    digest.add(bytes.subspan(static_cast<uint64_t>(block) * kBlock, size_of_block(bytes.size(), block)));
    blocks[static_cast<size_t>(block)] = digest.finish();
  });
  return digest_of_blocks(blocks);
}

}  // namespace tugline
