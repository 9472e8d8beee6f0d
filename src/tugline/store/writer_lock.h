// Prevents two processes from writing one run store. SQLite's own locks last for one transaction; this one
// lasts as long as the writer, and does not affect readers. It is an advisory lock on a small file beside the
// store. The system releases it even if the process is killed, so a file that a killed process left behind
// blocks nobody.
#pragma once

#include <chrono>
#include <filesystem>

namespace tugline {

class WriterLock {
 public:
  // A writer waits this long, because a command that only removes leftover files holds the lock for some
  // milliseconds.
  static constexpr std::chrono::milliseconds kPatience{300};

  // Throws Error kIo if another writer has the lock and keeps it (its process id is named), or the folder
  // cannot be written.
  explicit WriterLock(const std::filesystem::path& store, std::chrono::milliseconds patience = kPatience);
  ~WriterLock();
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace tugline
