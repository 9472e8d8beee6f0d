// A file that has the bytes of one input, for readers that take a path. It lies in a folder of its own below
// TMPDIR (a folder in memory is fastest), which is removed with it.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

class ScratchFile {
 public:
  // `name` is the last part of the path, because readers go by its ending.
  explicit ScratchFile(const std::string& name)
      : path_(std::filesystem::temp_directory_path() /
              ("tugline_fuzz_" + std::to_string(getpid()) + "_" + name) / name) {
    std::filesystem::create_directories(path_.parent_path());
  }
  ~ScratchFile() {
    std::error_code ignored;
    std::filesystem::remove_all(path_.parent_path(), ignored);
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // The path of a file that has these bytes and no others.
  const std::filesystem::path& holding(const uint8_t* data, size_t size) {
    std::ofstream file(path_, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
    if (!file.flush()) std::abort();
    return path_;
  }
  const std::filesystem::path& holding(const std::string& bytes) {
    return holding(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  }

 private:
  std::filesystem::path path_;
};
