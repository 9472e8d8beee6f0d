// A lock on a file between processes, compatible with the hub's own tools (flock). Internal to files/hub/.
#pragma once

#include <filesystem>
#include <functional>

namespace tugline {

class FileLock {
 public:
  // Waits until no other process holds it. `wait` is called every tenth of a second meanwhile, and may throw.
  // Throws Error (kIo) if the file cannot be made. On a file system without locks it does nothing. A file may
  // then be downloaded twice, which is harmless, because both downloads write the same bytes to the same
  // places.
  FileLock(const std::filesystem::path& path, const std::function<void()>& wait);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace tugline
