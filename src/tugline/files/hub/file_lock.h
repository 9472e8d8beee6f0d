// A lock that processes take on a file, as the hub's own tools do (flock). Internal to files/hub/.
#pragma once

#include <filesystem>
#include <functional>

namespace tugline {

class FileLock {
 public:
  // Waits until no other process holds it. `wait` is called every tenth of a second meanwhile, and may throw. Throws Error (kIo) if the
  // file cannot be made. On a file system without locks it is no lock, which costs a second download and no more: what is written has
  // the same bytes at the same places.
  FileLock(const std::filesystem::path& path, const std::function<void()>& wait);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace tugline
