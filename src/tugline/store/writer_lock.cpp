#include "tugline/store/writer_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <random>
#include <system_error>
#include <thread>
#include <utility>

#include "tugline/core/error.h"
#include "tugline/store/sidecars.h"
#include "tugline/store/store_owner.h"

namespace tugline {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;

std::string system_message(int error) { return std::generic_category().message(error); }

void pause() { std::this_thread::sleep_for(std::chrono::milliseconds(10)); }

std::string text_of(int descriptor) {
  std::array<char, 1024> text{};
  const ssize_t size = ::pread(descriptor, text.data(), text.size(), 0);
  return size > 0 ? std::string(text.data(), static_cast<size_t>(size)) : std::string();
}

// Empty if there is no such file.
std::string text_of(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return {};
  const std::string text = text_of(descriptor);
  ::close(descriptor);
  return text;
}

}  // namespace

WriterLock::WriterLock(const std::filesystem::path& store, std::chrono::milliseconds patience)
    : WriterLock(store, patience, lock_reach(store.parent_path())) {}

WriterLock::WriterLock(const std::filesystem::path& store, std::chrono::milliseconds patience,
                       LockReach reach)
    : store_(store), path_(store.string() + "-lock"), reach_(reach), owner_(owner_text(this_process())) {
  const Time end = Clock::now() + patience;
  while (!(reach_ == LockReach::kEverywhere ? lock(end) : claim(end))) pause();
}

WriterLock::~WriterLock() {
  if (is_ours()) ::unlink(path_.c_str());
  close();
}

void WriterLock::open(const fs::path& path, int flags) {
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CLOEXEC | flags, 0666);
}

void WriterLock::close() { ::close(std::exchange(descriptor_, -1)); }

// A writer that leaves removes the file: the one that was opened may no longer be the one that the name
// stands for.
bool WriterLock::is_ours() const {
  struct stat opened {};
  struct stat named {};
  return ::fstat(descriptor_, &opened) == 0 && ::stat(path_.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

bool WriterLock::lock(Time end) {
  open(path_, 0);
  const bool is_new = descriptor_ < 0 && errno == ENOENT;
  if (is_new) open(path_, O_CREAT | O_EXCL);
  if (descriptor_ < 0 && errno == EEXIST) return false;  // another one was faster
  if (descriptor_ < 0) fail_to_write(errno);
  const int error = ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
  if (error == 0 && is_ours()) {
    (void)
        put_owner();  // only for the message that a second writer sees: on a full disk, the lock still holds
    return true;
  }
  const std::string owner = text_of(descriptor_);
  close();
  if (error == EWOULDBLOCK) {
    if (Clock::now() >= end) refuse(owner);
  } else if (error == ENOLCK || error == ENOSYS || error == ENOTSUP) {
    reach_ = LockReach::kThisHost;
    if (is_new) ::unlink(path_.c_str());  // it names nobody
  } else if (error != 0) {
    fail(ErrorCode::kIo, "{}: cannot lock the run store: {}", store_.string(), system_message(error));
  }
  return false;
}

// The file is made under another name, so that nobody sees one without its owner.
bool WriterLock::claim(Time end) {
  const fs::path made = unfinished_name(store_).concat(fmt::format("{:010}", std::random_device()()));
  open(made, O_CREAT | O_EXCL);
  if (descriptor_ < 0) fail_to_write(errno);
  const int error = put_owner();
  const bool is_held = error == 0 && give_name(made);
  ::unlink(made.c_str());
  if (is_held) return true;
  close();
  if (error != 0) fail_to_write(error);
  if (Clock::now() >= end) refuse(text_of(path_));
  return false;
}

// Links and files that must not exist yet are made by one process only, on network file systems as well.
bool WriterLock::give_name(const fs::path& made) const {
  if (::link(made.c_str(), path_.c_str()) == 0) return true;
  const bool has_links = errno == EEXIST;
  if (is_ours()) return true;  // NFS: the answer was lost, and the request repeated
  if (!has_links) {
    const int descriptor = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0) {
      ::close(descriptor);
      return ::rename(made.c_str(), path_.c_str()) == 0;
    }
  }
  const std::optional<StoreOwner> owner = parse_owner(text_of(path_));
  if (!owner || state_of(*owner) != OwnerState::kDead || ::rename(made.c_str(), path_.c_str()) != 0)
    return false;
  // Another process of this host may have found the same dead owner: the last one to rename has it.
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  return is_ours();
}

// Returns the system's error, or 0.
int WriterLock::put_owner() const {
  if (::ftruncate(descriptor_, 0) != 0) return errno;
  const ssize_t written = ::pwrite(descriptor_, owner_.data(), owner_.size(), 0);
  if (written < 0) return errno;
  return written == static_cast<ssize_t>(owner_.size()) ? 0 : ENOSPC;
}

void WriterLock::refuse(const std::string& owner_text) const {
  const std::optional<StoreOwner> owner = parse_owner(owner_text);
  const std::string name = owner ? described(*owner) : "another process";
  if (reach_ == LockReach::kEverywhere || (owner && state_of(*owner) == OwnerState::kAlive)) {
    fail(ErrorCode::kIo, "{}: {} is writing this run store; wait for it to end, or give another file",
         store_.string(), name);
  }
  fail(ErrorCode::kIo,
       "{}: {} names {} as its writer. The locks of this file system do not reach other hosts, so that it "
       "cannot "
       "be seen from here whether that process is still alive. Wait for it to end; if it was killed, delete "
       "{} "
       "and run the same command again",
       store_.string(), path_.string(), name, path_.string());
}

void WriterLock::fail_to_write(int error) const {
  fail(ErrorCode::kIo, "{}: cannot write a run store there: {}: {}", store_.string(), path_.string(),
       system_message(error));
}

}  // namespace tugline
