// Which processes the locks of a file system reach. For the store's own sources.
#pragma once

#include <filesystem>
#include <string>

namespace tugline {

// kEverywhere: a lock is seen by all that can open the file. kThisHost: by processes of this host at most, as
// on a network mount without locks.
enum class LockReach { kEverywhere, kThisHost };

// How far locks reach on the file system of `path`, from its type and its mount's options. A network file
// system whose locks are not known to reach other hosts is kThisHost.
[[nodiscard]] LockReach lock_reach(const std::filesystem::path& path);

// The same from the type, a number of linux/magic.h, and the options, as /proc/self/mountinfo has them.
[[nodiscard]] LockReach lock_reach_of(unsigned long type, const std::string& options);

}  // namespace tugline
