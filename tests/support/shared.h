// The folder of goldens and real data that may stand beside the checkout; tests that need it skip where it is
// absent.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>

namespace tugline {

inline std::optional<std::filesystem::path> shared_dir() {
  const char* set = std::getenv("TUGLINE_SHARED_DIR");
  const std::filesystem::path path = set != nullptr
                                         ? std::filesystem::path(set)
                                         : std::filesystem::path(TUGLINE_SOURCE_DIR) / ".." / "shared";
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) return std::nullopt;
  return path;
}

}  // namespace tugline
