// Everything that is wrong with a store's file, in place of the first fault. For the store's own sources; the
// caller holds a transaction, so that no commit comes between.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace tugline {

// What SQLite's integrity_check finds, at most 100.
[[nodiscard]] std::vector<std::string> structure_faults(SQLite::Database& database);
// Rows of what is not there: a unit's, a session's, an example's, a part's.
[[nodiscard]] std::vector<std::string> orphan_faults(SQLite::Database& database);
// Tables and units whose contents are not what was written. Calls checked(units, all) after each unit; if it
// returns false, throws Error kInterrupted.
[[nodiscard]] std::vector<std::string> checksum_faults(
    const std::filesystem::path& path, SQLite::Database& database,
    const std::function<bool(int64_t units, int64_t all)>& checked);

}  // namespace tugline
