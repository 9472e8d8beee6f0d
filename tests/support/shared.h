// Where the goldens and the real data are, for tests labelled `shared`.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>

namespace tugline {

// TUGLINE_SHARED_DIR, else the folder shared beside the checkout; nothing where neither is there.
inline std::optional<std::filesystem::path> shared_dir() {
  namespace fs = std::filesystem;
  const char* named = std::getenv("TUGLINE_SHARED_DIR");
  const fs::path folder = named != nullptr ? fs::path(named) : fs::path(TUGLINE_SOURCE_DIR) / ".." / "shared";
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) return std::nullopt;
  return folder;
}

}  // namespace tugline
