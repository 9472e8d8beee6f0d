// The process that writes a run store, as the file RUN.db-lock names it: for the message that a second writer
// sees, and to tell an abandoned file from one in use if the file system's locks do not reach all hosts.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace tugline {

struct StoreOwner {
  pid_t process = 0;
  std::string host;
  std::string started;    // the process's start, in clock ticks since the system's
  std::string processes;  // the system's boot and the namespace of process numbers, in which `process` counts

  friend bool operator==(const StoreOwner&, const StoreOwner&) = default;
};

// "unknown" if the system does not say.
[[nodiscard]] std::string host_name();

[[nodiscard]] StoreOwner this_process();

// One line. parse_owner gives no value if the text is none that owner_text wrote.
[[nodiscard]] std::string owner_text(const StoreOwner& owner);
[[nodiscard]] std::optional<StoreOwner> parse_owner(const std::string& text);

// "process 17 on host h".
[[nodiscard]] std::string described(const StoreOwner& owner);

// kUnknown: it is of another host, or of another boot or container of this one, whose processes cannot be
// seen from here.
enum class OwnerState { kAlive, kDead, kUnknown };
[[nodiscard]] OwnerState state_of(const StoreOwner& owner);

}  // namespace tugline
