// Turns SQLite's errors into tugline's Error, which says the file, the action, what went wrong and what to
// do. For the store's own sources only.
#pragma once

#include <SQLiteCpp/Exception.h>

#include <filesystem>
#include <string_view>

#include "tugline/core/error.h"

namespace tugline {

// `code` is SQLite's (extended) result code, `detail` its own words.
[[nodiscard]] Error store_error(const std::filesystem::path& path, std::string_view action, int code,
                                std::string_view detail);

// Runs `work`, and turns a SQLite exception into the Error above. `action` completes "cannot ...".
template <typename Work>
auto guarded(const std::filesystem::path& path, std::string_view action, Work&& work) {
  try {
    return work();
  } catch (const SQLite::Exception& e) {
    throw store_error(path, action, e.getExtendedErrorCode(), e.what());
  }
}

}  // namespace tugline
