// Files that scripts have put into the user's cache: $TUGLINE_CACHE_DIR, else ~/.cache/tugline.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>

namespace tugline {

inline std::optional<std::filesystem::path> cached_file(std::string_view name) {
  std::filesystem::path folder;
  if (const char* set = std::getenv("TUGLINE_CACHE_DIR")) {
    folder = set;
  } else if (const char* home = std::getenv("HOME")) {
    folder = std::filesystem::path(home) / ".cache" / "tugline";
  }
  std::error_code ignored;
  const std::filesystem::path path = folder / name;
  if (folder.empty() || !std::filesystem::exists(path, ignored)) return std::nullopt;
  return path;
}

}  // namespace tugline
