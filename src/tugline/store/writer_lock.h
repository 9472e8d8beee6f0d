// Keeps two processes from writing one run store. SQLite's own locks last for one transaction; this one lasts
// as long as the writer does, and does not hinder readers. It is an advisory lock on a small file beside the
// store, which the system releases even when the process is killed; a file that a killed process left behind
// holds nobody up.
#pragma once

#include <chrono>
#include <filesystem>

namespace tugline {

class WriterLock {
 public:
  // A command that only removes leftovers has the lock for some milliseconds: a writer waits that long.
  static constexpr std::chrono::milliseconds kPatience{300};

  // Throws Error kIo if another writer has the lock and keeps it (its process id is named), or the folder cannot be written.
  explicit WriterLock(const std::filesystem::path& store, std::chrono::milliseconds patience = kPatience);
  ~WriterLock();
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace tugline
