// Writes the readout rows' values of a unit's responses, packed by measure, and reads them back. For the
// store's own sources.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <vector>

#include "tugline/store/records.h"

namespace tugline {

// All of the unit's responses, in any order.
void insert_packed_rows(SQLite::Database& database, int64_t unit,
                        const std::vector<ResponseRecord>& responses);

// Fills `rows` and `kl_rows_standard_error` of the unit's responses, which are all of them by direction, then
// epsilon. Throws Error kInput, naming what is wrong, if what is read is not what was written; `path` is for
// messages.
void read_packed_rows(SQLite::Database& database, int64_t unit, const std::filesystem::path& path,
                      std::vector<ResponseRecord>& responses);

}  // namespace tugline
