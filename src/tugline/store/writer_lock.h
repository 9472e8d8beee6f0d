// Prevents two processes from writing one run store. SQLite's own locks last for one transaction; this one
// lasts as long as the writer, and does not affect readers. It is the file RUN.db-lock beside the store,
// which names its owner: the process and its host.
//
// If the file system's locks reach everybody who can open the file, an advisory lock on it decides. The
// system releases that lock even if the process is killed, so a file that a killed process left behind blocks
// nobody. Otherwise the file itself decides: it is made at once with its owner's name, and whoever finds it
// is refused, unless the owner is a process of this host that has ended.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "tugline/store/lock_reach.h"

namespace tugline {

class WriterLock {
 public:
  // A writer waits this long, because a command that only removes leftover files holds the lock for some
  // milliseconds.
  static constexpr std::chrono::milliseconds kPatience{300};

  // Throws Error kIo if another writer has the lock and keeps it (its process id and host are named), or the
  // folder cannot be written.
  explicit WriterLock(const std::filesystem::path& store, std::chrono::milliseconds patience = kPatience);
  WriterLock(const std::filesystem::path& store, std::chrono::milliseconds patience, LockReach reach);
  // Removes the file, if it is still the one that this writer made.
  ~WriterLock();
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  using Time = std::chrono::steady_clock::time_point;
  // Both return whether the lock is held now. They are called again until it is, or throw after `end`.
  bool lock(Time end);
  bool claim(Time end);
  bool give_name(const std::filesystem::path& made) const;
  void open(const std::filesystem::path& path, int flags);
  void close();
  [[nodiscard]] int put_owner() const;
  [[nodiscard]] bool is_ours() const;
  [[noreturn]] void refuse(const std::string& owner) const;
  [[noreturn]] void fail_to_write(int error) const;

  std::filesystem::path store_;
  std::filesystem::path path_;
  LockReach reach_;
  std::string owner_;  // the text that this process writes
  int descriptor_ = -1;
};

}  // namespace tugline
