#include "tugline/store/store_owner.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "tugline/core/error.h"
#include "tugline/core/whole_file.h"

namespace tugline {
namespace {

// The 22nd field of /proc/PID/stat. The second, the program's name, is in parentheses and may have spaces.
// Empty if there is no such process, or no /proc.
std::string start_of(pid_t process) {
  std::string text;
  try {
    text = read_whole_file(fmt::format("/proc/{}/stat", process));
  } catch (const Error&) {  // it may have ended since the file was opened
    return {};
  }
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream fields(text.substr(name_end + 1));
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;
  return fields ? field : std::string();
}

// Names where this system's process numbers count.
std::string processes_here() {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string boot;
  in >> boot;
  std::error_code error;
  const std::string space = std::filesystem::read_symlink("/proc/self/ns/pid", error).string();
  return (boot.empty() ? "unknown" : boot) + "/" + (space.empty() ? "unknown" : space);
}

}  // namespace

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == 0) return "unknown";
  return name.data();
}

StoreOwner this_process() {
  const std::string start = start_of(::getpid());
  return {.process = ::getpid(),
          .host = host_name(),
          .started = start.empty() ? "unknown" : start,
          .processes = processes_here()};
}

std::string owner_text(const StoreOwner& owner) {
  return fmt::format("process {} host {} started {} of {}\n", owner.process, owner.host, owner.started,
                     owner.processes);
}

std::optional<StoreOwner> parse_owner(const std::string& text) {
  StoreOwner owner;
  std::array<std::string, 4> words;
  std::istringstream in(text);
  in >> words[0] >> owner.process >> words[1] >> owner.host >> words[2] >> owner.started >> words[3] >>
      owner.processes;
  if (!in || owner.process <= 0 || owner_text(owner) != text) return std::nullopt;
  return owner;
}

std::string described(const StoreOwner& owner) {
  return fmt::format("process {} on host {}", owner.process, owner.host);
}

OwnerState state_of(const StoreOwner& owner) {
  if (owner.host != host_name() || owner.processes != processes_here()) return OwnerState::kUnknown;
  if (::kill(owner.process, 0) != 0 && errno == ESRCH) return OwnerState::kDead;
  const std::string start = start_of(owner.process);  // another process may have got the number since
  return start.empty() || start == owner.started ? OwnerState::kAlive : OwnerState::kDead;
}

}  // namespace tugline
