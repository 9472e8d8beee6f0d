// Writes responses as table rows and reads them back. For the store's own sources.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tugline/store/records.h"

namespace tugline {

// Throws Error kInput if `value` is not finite (SQLite has no NaN). `where` and `name` say what it is.
void check_finite(double value, const std::string& name, const std::string& where);

// Throws Error kInput, which names the value, if one is not finite; std::logic_error if per-row values do not
// number `rows`.
void check_storable(const ResponseRecord& response, size_t rows, const std::string& where);

void insert_responses(SQLite::Database& database, int64_t unit, const std::vector<ResponseRecord>& responses);

// Those that are not there yet.
void insert_tokens(SQLite::Database& database, const std::map<int32_t, std::string>& pieces);
[[nodiscard]] std::map<int32_t, std::string> read_tokens(SQLite::Database& database);

struct StoredPart;

// By direction, then epsilon. Throws Error kInput, naming what is wrong, if what is read is not what was
// written; `path` is for messages.
[[nodiscard]] std::vector<ResponseRecord> read_responses(SQLite::Database& database, const StoredPart& part,
                                                         const std::filesystem::path& path,
                                                         RowValues values = RowValues::kRead);

}  // namespace tugline
