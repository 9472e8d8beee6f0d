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

 private:
  MappedFile(const std::byte* data, size_t size) : data_(data), size_(size) {}

  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

// Tells the system that these bytes of a mapped file are not needed at the moment: their pages leave this process's
// memory and come back from the file when touched. Keeps a load's peak to what it makes. Thread-safe.
void release_pages(std::span<const std::byte> bytes);

}  // namespace tugline
