// A whole file as read-only memory. What the model file readers stand on: pages come in when they are
// touched.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace tugline {

class MappedFile {
 public:
  // Throws Error naming the path: kNotFound where it is not there; kInput where it is empty or no regular
  // file (a directory, say); kIo where the system refuses.
  static MappedFile open(const std::filesystem::path& path);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  // Never empty; stays where it is when the MappedFile is moved. Thread-safe.
  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }

  // Tells the system that these bytes are not needed at the moment: whole pages among them leave this process's memory
  // and come back from the file when they are touched. Bytes outside this mapping are left alone, since nothing could
  // bring them back. Keeps a load's peak to what it makes. Thread-safe.
  void release(std::span<const std::byte> bytes) const;

 private:
  MappedFile(const std::byte* data, size_t size) : data_(data), size_(size) {}

  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace tugline
