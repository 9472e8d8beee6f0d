// A partly downloaded file, and the checksum of its present content. Internal to files/hub/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "tugline/files/hub/digest.h"

namespace tugline {

class PartialFile {
 public:
  // Opens or makes the file. Without a kind nothing is checked. `size` is what the whole file will have.
  // `check` is called now and then while what is there already is read, and may throw. Throws Error (kIo).
  PartialFile(std::filesystem::path path, std::optional<DigestKind> kind, std::optional<int64_t> size,
              const std::function<void()>& check);
  ~PartialFile();
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  [[nodiscard]] int64_t size() const { return size_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // Throws Error (kIo) saying that what is there is kept.
  void append(std::span<const std::byte> bytes);
  void clear();
  // The checksum; empty if there is no kind. Once; afterwards only clear() and rename_to().
  [[nodiscard]] std::string digest();
  // On disk, under its final name.
  void rename_to(const std::filesystem::path& path);
  void remove();

 private:
  [[noreturn]] void fail_to_write(int error) const;
  void restart_digest();

  std::filesystem::path path_;
  std::optional<DigestKind> kind_;
  std::optional<int64_t> whole_size_;
  std::optional<Digest> digest_;
  int64_t size_ = 0;
  int descriptor_ = -1;
};

}  // namespace tugline
