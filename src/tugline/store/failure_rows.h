// Writes failed units as table rows and reads them back. For the store's own sources; the caller holds the
// transaction.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <vector>

#include "tugline/store/records.h"

namespace tugline {

// Replaces an earlier record of the unit.
void put_failure(SQLite::Database& database, const FailedUnit& failed);
// Removes the unit's record, if it has one.
void remove_failure(SQLite::Database& database, const UnitKey& key);
// Sorted by key.
[[nodiscard]] std::vector<FailedUnit> read_failures(SQLite::Database& database);

}  // namespace tugline
