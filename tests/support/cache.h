// Files that scripts have put into the user's cache: $TUGLINE_CACHE_DIR, else $XDG_CACHE_HOME/tugline, else
// ~/.cache/tugline.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>

namespace tugline {

inline std::optional<std::filesystem::path> cached_file(std::string_view name) {
  const auto variable = [](const char* its_name) {
    const char* value = std::getenv(its_name);
    return std::filesystem::path(value == nullptr ? "" : value);
  };
  std::filesystem::path folder = variable("TUGLINE_CACHE_DIR");
  if (folder.empty() && !variable("XDG_CACHE_HOME").empty()) folder = variable("XDG_CACHE_HOME") / "tugline";
  if (folder.empty() && !variable("HOME").empty()) folder = variable("HOME") / ".cache" / "tugline";
  std::error_code ignored;
  const std::filesystem::path path = folder / name;
  if (folder.empty() || !std::filesystem::exists(path, ignored)) return std::nullopt;
  return path;
}

}  // namespace tugline
