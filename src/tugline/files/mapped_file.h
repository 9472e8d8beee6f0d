// A whole file as read-only memory. The readers of model
// files use it: the system reads a page when it is touched.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace tugline {

class MappedFile {
 public:
  // Throws Error that names the path: kNotFound if it does not exist; kInput if it is empty or not a regular
  // file (a directory, for example); kIo if the system refuses.
  static MappedFile open(const std::filesystem::path& path);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  // Never empty; stays where it is when the MappedFile is moved. Thread-safe.
  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }

  // Tells the system that these bytes are not needed now: whole pages among them leave this process's memory,
  // and are read from the file again when they are touched. So loading a model does not hold its file in
  // memory too. Bytes outside this mapping are left alone, because nothing could restore them. Thread-safe.
  void release(std::span<const std::byte> bytes) const;

 private:
  MappedFile(const std::byte* data, size_t size) : data_(data), size_(size) {}

  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace tugline
