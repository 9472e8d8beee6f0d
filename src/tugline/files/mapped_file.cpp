#include "tugline/files/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include "tugline/core/error.h"

namespace tugline {
namespace {

std::string reason(int error) { return std::generic_category().message(error); }

class Descriptor {
 public:
  explicit Descriptor(const std::filesystem::path& path)
      // Non-blocking: a named pipe would otherwise wait for a writer before it can be refused.
      : value_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  [[nodiscard]] int value() const { return value_; }

 private:
  int value_;
};

size_t mappable_size(const Descriptor& descriptor, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(descriptor.value(), &status) != 0) {
    fail(ErrorCode::kIo, "{}: its size cannot be read: {}", path.string(), reason(errno));
  }
  if (S_ISDIR(status.st_mode)) {
    fail(ErrorCode::kInput, "{}: expected a file, found a directory", path.string());
  }
  if (!S_ISREG(status.st_mode)) {
    fail(ErrorCode::kInput, "{}: expected a regular file, found a device, pipe or socket", path.string());
  }
  if (status.st_size == 0) fail(ErrorCode::kInput, "{}: the file is empty; fetch it again", path.string());
  return static_cast<size_t>(status.st_size);
}

}  // namespace

MappedFile MappedFile::open(const std::filesystem::path& path) {
  const Descriptor descriptor(path);
  if (descriptor.value() < 0) {
    const int error = errno;
    const bool missing = error == ENOENT || error == ENOTDIR;
    fail(missing ? ErrorCode::kNotFound : ErrorCode::kIo, "{}: the file cannot be opened: {}", path.string(),
         reason(error));
  }
  const size_t size = mappable_size(descriptor, path);
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor.value(), 0);
  if (data == MAP_FAILED) {
    fail(ErrorCode::kIo, "{}: its {} bytes cannot be mapped into memory: {}", path.string(), size,
         reason(errno));
  }
  return {static_cast<const std::byte*>(data), size};
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

void MappedFile::release(std::span<const std::byte> bytes) const {
  const auto address = [](const std::byte* p) { return reinterpret_cast<uintptr_t>(p); };
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const uintptr_t first = std::max(address(bytes.data()), address(data_));
  const uintptr_t last = std::min(address(bytes.data() + bytes.size()), address(data_ + size_));
  const uintptr_t begin = (first + page - 1) / page * page;
  const uintptr_t end = last / page * page;
  // Advice: if it is refused, nothing is lost.
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

}  // namespace tugline
