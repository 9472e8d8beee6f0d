// Writes units as table rows and reads them back. For the store's own sources.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <map>
#include <optional>
#include <vector>

#include "tugline/store/records.h"

namespace tugline {

// Throws Error kInput, which names the value, if one is not finite; std::logic_error if rows, tokens and per-row values have
// different numbers.
void check_storable(const UnitRecord& unit, const std::filesystem::path& path);

// Inserts the unit, its readout and its responses inside the caller's transaction.
void insert_unit(SQLite::Database& database, int64_t session, const UnitRecord& unit);

// Throws Error kInput if the index of units is damaged; `path` is for the message.
[[nodiscard]] std::optional<int64_t> find_unit(SQLite::Database& database, const UnitKey& key,
                                               const std::filesystem::path& path);
[[nodiscard]] std::vector<UnitKey> read_unit_keys(SQLite::Database& database);
// The tokens of each span that has a unit; the keys' layer is 0.
[[nodiscard]] std::map<UnitKey, TokenRange> read_span_places(SQLite::Database& database);
// Which session measured each unit, counted from 0 in the order of sessions.
[[nodiscard]] std::map<UnitKey, size_t> read_unit_sessions(SQLite::Database& database);
// Without their responses. Throws Error kInput, naming what is wrong, if what is read is not what was written; `path` is for messages.
[[nodiscard]] std::vector<UnitRecord> read_units(SQLite::Database& database,
                                                 const std::filesystem::path& path);

// "example 3, anchor, chunk 7, layer 20", for messages.
[[nodiscard]] std::string described(const UnitKey& key);

}  // namespace tugline
