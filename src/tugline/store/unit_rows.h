// Writes units as table rows and reads them back. For the store's own sources.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <map>
#include <optional>
#include <vector>

#include "tugline/store/records.h"

namespace tugline {

// Throws Error kInput, which names the value, if one is not finite; std::logic_error if rows, tokens and
// per-row values have different numbers.
void check_storable(const UnitRecord& unit, const std::filesystem::path& path);

// A row of units: a part of a unit, or an audit that was added to a part.
struct StoredPart {
  int64_t unit = 0;     // the row's number
  int64_t session = 0;  // likewise of its session
  int64_t part = 0;
  std::optional<int64_t> audit_of =
      {};  // the part that was audited; no value if this part has pushes of its own
  PushGrid grid = {};
  UnitRecord record;  // without its responses; find_unit also leaves out its readout
};

// Inserts the unit, or a part of it, with its readout and its responses, inside the caller's transaction. It
// has not failed any more then.
// Errors: kConflict if the store has one of its pushes, the unit needs no pushes, or its span is at another
// place; `path` is for messages.
void insert_unit(SQLite::Database& database, int64_t session, const UnitRecord& unit,
                 const std::filesystem::path& path);
// Adds the audit of more pushes of the unit's part `part`, which is there.
void insert_audit(SQLite::Database& database, int64_t session, const UnitKey& key, size_t part,
                  const AuditResult& audit, const std::filesystem::path& path);

// The rows of a unit, by part; none if the store does not have it. Throws Error kInput if the index of units
// is damaged; `path` is for messages.
[[nodiscard]] std::vector<StoredPart> find_unit(SQLite::Database& database, const UnitKey& key,
                                                const std::filesystem::path& path);
// The part's readout and responses, with what the row says. Errors: as read_parts.
[[nodiscard]] UnitMeasurement read_measurement(SQLite::Database& database, const StoredPart& row,
                                               const std::filesystem::path& path);
// The parts that have pushes of their own, with their audits.
[[nodiscard]] UnitParts parts_of(const std::vector<StoredPart>& rows);
[[nodiscard]] std::vector<UnitKey> read_unit_keys(SQLite::Database& database);
// The tokens of each span that has a unit; the keys' layer is 0.
[[nodiscard]] std::map<UnitKey, TokenRange> read_span_places(SQLite::Database& database);
// Every row, by key and part. Throws Error kInput, naming what is wrong, if what is read is not what was
// written.
[[nodiscard]] std::vector<StoredPart> read_parts(SQLite::Database& database,
                                                 const std::filesystem::path& path);
// One record for each unit, of all its parts, without their responses. Errors: as read_parts.
[[nodiscard]] std::vector<UnitRecord> read_units(SQLite::Database& database,
                                                 const std::filesystem::path& path);

// "example 3, anchor, chunk 7, layer 20", for messages.
[[nodiscard]] std::string described(const UnitKey& key);

}  // namespace tugline
