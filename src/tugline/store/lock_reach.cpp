#include "tugline/store/lock_reach.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

namespace tugline {
namespace {

// Types of linux/magic.h and of the file systems' own sources.
constexpr unsigned long kNfs = 0x6969;
constexpr unsigned long kLustre = 0x0BD00BD0;
// Whether their locks reach other hosts depends on settings that cannot be seen from here: SMB (three), FUSE,
// 9p, AFS (two), Coda, GPFS, BeeGFS, PanFS, OrangeFS, VirtualBox's shared folders.
constexpr std::array<unsigned long, 15> kNetworks = {
    kNfs,       kLustre,    0x517B,     0xFF534D42, 0xFE534D42, 0x65735546, 0x01021997, 0x5346414F,
    0x6B414653, 0x73757245, 0x47504653, 0x19830326, 0xAAD7AAEA, 0x20030528, 0x786F4256};

bool has_option(const std::string& options, const std::string& wanted) {
  std::istringstream all(options);
  for (std::string option; std::getline(all, option, ',');)
    if (option == wanted) return true;
  return false;
}

// "36 35 98:0 /root /mount options fields... - type source super-options", a line for each mount. Empty if
// the mount is not found.
std::string options_of(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  const std::string device = fmt::format("{}:{}", major(status.st_dev), minor(status.st_dev));
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields(line);
    std::array<std::string, 6> first;
    for (std::string& field : first) fields >> field;
    if (first[2] != device) continue;
    for (std::string field; fields >> field && field != "-";) continue;
    std::string type;
    std::string source;
    std::string options;
    fields >> type >> source >> options;
    return first[5] + "," + options;
  }
  return {};
}

}  // namespace

LockReach lock_reach_of(unsigned long type, const std::string& options) {
  const auto has = [&](const char* option) { return has_option(options, option); };
  if (type == kNfs && has("local_lock=none") && !has("nolock")) return LockReach::kEverywhere;
  if (type == kLustre && has("flock")) return LockReach::kEverywhere;
  if (std::ranges::find(kNetworks, type) != kNetworks.end()) return LockReach::kThisHost;
  return LockReach::kEverywhere;  // a disk's, or a cluster's that passes locks on (Ceph, OCFS2, GFS2)
}

LockReach lock_reach(const std::filesystem::path& path) {
  struct statfs status {};
  if (::statfs(path.c_str(), &status) != 0) return LockReach::kThisHost;
  // The field is signed on some systems; the types have 32 bits.
  const auto type = static_cast<unsigned long>(status.f_type) & 0xFFFFFFFFUL;
  return lock_reach_of(type, options_of(path));
}

}  // namespace tugline
