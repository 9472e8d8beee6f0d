#include "tugline/store/unit_rows.h"

#include <fmt/format.h>

#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#include "tugline/core/error.h"
#include "tugline/store/audit_bounds.h"
#include "tugline/store/checksums.h"
#include "tugline/store/failure_rows.h"
#include "tugline/store/response_rows.h"
#include "tugline/store/sql_values.h"

namespace tugline {
namespace {

// But for the row's own number, and the checksums, which note_unit sets.
std::vector<std::string> unit_columns() {
  std::vector<std::string> columns{"session",  "example",   "span_kind",  "chunk",    "layer",
                                   "part",     "audit_of",  "directions", "epsilons", "span_begin",
                                   "span_end", "span_text", "position",   "rms",      "sink",
                                   "note",     "seconds",   "audited"};
  for (const Measure& measure : kMeasures) columns.push_back(measure.audit_column());
  return columns;
}

void insert_readout(SQLite::Database& database, int64_t id, const UnitMeasurement& measured) {
  SQLite::Statement insert(database,
                           "INSERT INTO readout_rows (unit, ordinal, position, token) VALUES (?, ?, ?, ?)");
  for (size_t i = 0; i < measured.rows.size(); ++i) {
    insert.bind(1, id);
    insert.bind(2, static_cast<int64_t>(i));
    insert.bind(3, measured.rows[i]);
    insert.bind(4, measured.row_tokens[i]);
    insert.exec();
    insert.reset();
  }
}

// `row` has its number from SQLite; `grid` and the record's responses are the same pushes.
void insert_row(SQLite::Database& database, const StoredPart& row) {
  const UnitRecord& unit = row.record;
  std::vector<std::string> columns = unit_columns();
  columns.insert(columns.end(), {"responses_checksum", "rows_checksum", "checksum"});
  SQLite::Statement insert(database, insert_sql("units", columns));
  bind_value(insert, "session", row.session);
  bind_value(insert, "example", unit.key.example);
  bind_value(insert, "span_kind", unit.key.span_kind);
  bind_value(insert, "chunk", unit.key.chunk);
  bind_value(insert, "layer", unit.key.layer);
  bind_value(insert, "part", row.part);
  if (row.audit_of) bind_value(insert, "audit_of", *row.audit_of);
  bind_value(insert, "directions", text_of(row.grid.directions));
  bind_value(insert, "epsilons", text_of(row.grid.epsilons));
  bind_value(insert, "span_begin", unit.span.begin);
  bind_value(insert, "span_end", unit.span.end);
  bind_value(insert, "span_text", unit.span_text);
  bind_value(insert, "position", unit.measured.position);
  bind_value(insert, "rms", unit.measured.rms);
  bind_value(insert, "sink", unit.sink ? 1 : 0);
  bind_value(insert, "note", unit.measured.note);
  bind_value(insert, "seconds", unit.measured.seconds);
  bind_value(insert, "audited", unit.audit.pushes);
  for (size_t m = 0; m < kMeasures.size(); ++m)
    bind_optional(insert, kMeasures[m].audit_column(), unit.audit.disagreements[m]);
  bind_value(insert, "responses_checksum", 0);
  bind_value(insert, "rows_checksum", 0);
  bind_value(insert, "checksum", 0);
  insert.exec();
  const int64_t id = database.getLastInsertRowid();
  insert_readout(database, id, unit.measured);
  insert_responses(database, id, unit.measured.responses);
  note_unit(database, id);
}

UnitKey key_of_row(SQLite::Statement& row) {
  return {.example = row.getColumn("example").getInt64(),
          .span_kind = row.getColumn("span_kind").getString(),
          .chunk = row.getColumn("chunk").getInt64(),
          .layer = int32_of(row.getColumn("layer"))};
}

AuditResult audit_of_row(SQLite::Statement& row) {
  AuditResult audit{.pushes = row.getColumn("audited").getInt64()};
  for (size_t m = 0; m < kMeasures.size(); ++m)
    audit.disagreements[m] = optional_double(row.getColumn(kMeasures[m].audit_column().c_str()));
  return audit;
}

UnitRecord unit_of_row(SQLite::Statement& row) {
  return {.key = key_of_row(row),
          .span = {row.getColumn("span_begin").getInt64(), row.getColumn("span_end").getInt64()},
          .span_text = row.getColumn("span_text").getString(),
          .sink = row.getColumn("sink").getInt() != 0,
          .measured = {.position = row.getColumn("position").getInt64(),
                       .rms = row.getColumn("rms").getDouble(),
                       .note = row.getColumn("note").getString(),
                       .seconds = row.getColumn("seconds").getDouble()},
          .audit = audit_of_row(row)};
}

// Without the readout.
StoredPart part_of_row(SQLite::Statement& select, const std::filesystem::path& path) {
  StoredPart row{.unit = select.getColumn("unit").getInt64(),
                 .session = select.getColumn("session").getInt64(),
                 .part = select.getColumn("part").getInt64(),
                 .record = unit_of_row(select)};
  if (!select.getColumn("audit_of").isNull()) row.audit_of = select.getColumn("audit_of").getInt64();
  const auto grid =
      parse_grid(select.getColumn("directions").getString(), select.getColumn("epsilons").getString());
  if (!grid)
    fail(ErrorCode::kInput,
         "{}: {}: its directions or epsilons are no ascending numbers; restore a copy or measure again",
         path.string(), described(row.record.key));
  row.grid = *grid;
  return row;
}

constexpr const char* kSelectReadout =
    "SELECT position, token FROM readout_rows WHERE unit = ? ORDER BY ordinal";

void add_readout(SQLite::Statement& select, StoredPart& row) {
  select.bind(1, row.unit);
  while (select.executeStep()) {
    row.record.measured.rows.push_back(select.getColumn(0).getInt64());
    row.record.measured.row_tokens.push_back(int32_of(select.getColumn(1)));
  }
  select.reset();
}

std::string select_parts(const std::string& rest) {
  return fmt::format("SELECT unit, {} FROM units {}", list_of(unit_columns()), rest);
}

// What the parts of a unit have in common, and the sums of what they do not.
UnitRecord joined(const UnitRecord& first, const UnitRecord& next) {
  UnitRecord unit = first;
  unit.measured.seconds += next.measured.seconds;
  unit.audit.pushes += next.audit.pushes;
  take_larger(unit.audit.disagreements, next.audit.disagreements);
  return unit;
}

}  // namespace

std::string described(const UnitKey& key) {
  return fmt::format("example {}, {}, chunk {}, layer {}", key.example, key.span_kind, key.chunk, key.layer);
}

void check_storable(const UnitRecord& unit, const std::filesystem::path& path) {
  const std::string where = fmt::format("{}: {}", path.string(), described(unit.key));
  const UnitMeasurement& measured = unit.measured;
  if (measured.row_tokens.size() != measured.rows.size())
    throw std::logic_error(where + ": readout rows and their tokens do not number the same");
  check_finite(measured.rms, "rms", where);
  check_finite(measured.seconds, "seconds", where);
  for (size_t m = 0; m < kMeasures.size(); ++m)
    check_finite(unit.audit.disagreements[m].value_or(0), kMeasures[m].audit_column(), where);
  for (const ResponseRecord& response : measured.responses)
    check_storable(response, measured.rows.size(), where);
}

void insert_unit(SQLite::Database& database, int64_t session, const UnitRecord& unit,
                 const std::filesystem::path& path) {
  const std::optional<PushGrid> grid = grid_of(unit.measured.responses);
  if (!grid) throw std::logic_error(described(unit.key) + ": its pushes are no grid");
  const std::vector<StoredPart> stored = find_unit(database, unit.key, path);
  for (const StoredPart& row : stored) {
    if (row.audit_of) continue;
    if (row.grid.size() == 0 || grid->size() == 0 || row.grid.shares_a_push(*grid))
      fail(ErrorCode::kConflict, "{}: has {} already", path.string(), described(unit.key));
    if (row.record.span != unit.span)
      fail(ErrorCode::kConflict, "{}: {} is tokens [{}, {}) in the store, and [{}, {}) now", path.string(),
           described(unit.key), row.record.span.begin, row.record.span.end, unit.span.begin, unit.span.end);
  }
  insert_row(database, {.session = session, .part = std::ssize(stored), .grid = *grid, .record = unit});
  remove_failure(database, unit.key);
}

void insert_audit(SQLite::Database& database, int64_t session, const UnitKey& key, size_t part,
                  const AuditResult& audit, const std::filesystem::path& path) {
  const std::vector<StoredPart> stored = find_unit(database, key, path);
  size_t at = 0;
  for (const StoredPart& row : stored) {
    if (row.audit_of || at++ != part) continue;
    StoredPart added{
        .session = session, .part = std::ssize(stored), .audit_of = row.part, .record = row.record};
    added.record.measured.seconds = 0;
    added.record.audit = audit;
    insert_row(database, added);
    return;
  }
  throw std::logic_error(described(key) + ": has no such part to audit");
}

std::vector<StoredPart> find_unit(SQLite::Database& database, const UnitKey& key,
                                  const std::filesystem::path& path) {
  SQLite::Statement numbers(
      database,
      "SELECT unit FROM units WHERE example = ? AND span_kind = ? AND chunk = ? AND layer = ? ORDER BY part");
  numbers.bind(1, key.example);
  numbers.bind(2, key.span_kind);
  numbers.bind(3, key.chunk);
  numbers.bind(4, key.layer);
  std::vector<StoredPart> rows;
  while (numbers.executeStep()) {
    const int64_t unit = numbers.getColumn(0).getInt64();
    // The index said so; the checksums are of the rows.
    SQLite::Statement row(database, select_parts("NOT INDEXED WHERE unit = ?"));
    row.bind(1, unit);
    if (!row.executeStep() || key_of_row(row) != key)
      fail(ErrorCode::kInput,
           "{}: the index of units is damaged: it has unit {} as {}; restore a copy or measure again",
           path.string(), unit, described(key));
    rows.push_back(part_of_row(row, path));
  }
  return rows;
}

UnitMeasurement read_measurement(SQLite::Database& database, const StoredPart& row,
                                 const std::filesystem::path& path) {
  check_unit(path, database, row.unit);
  StoredPart whole = row;
  whole.record.measured.rows.clear();
  whole.record.measured.row_tokens.clear();
  SQLite::Statement readout(database, kSelectReadout);
  add_readout(readout, whole);
  whole.record.measured.responses = read_responses(database, row, path);
  return std::move(whole.record.measured);
}

UnitParts parts_of(const std::vector<StoredPart>& rows) {
  UnitParts parts;
  std::map<int64_t, size_t> places;
  for (const StoredPart& row : rows) {
    if (row.audit_of) {
      const auto audited = places.find(*row.audit_of);
      if (audited != places.end()) parts[audited->second].audited += row.record.audit.pushes;
      continue;
    }
    places[row.part] = parts.size();
    parts.push_back({.grid = row.grid, .audited = row.record.audit.pushes});
  }
  return parts;
}

std::vector<UnitKey> read_unit_keys(SQLite::Database& database) {
  std::vector<UnitKey> keys;
  SQLite::Statement select(database,
                           "SELECT DISTINCT example, span_kind, chunk, layer FROM units NOT INDEXED ORDER BY "
                           "example, span_kind, chunk, layer");
  while (select.executeStep()) {
    keys.push_back(key_of_row(select));
  }
  return keys;
}

std::map<UnitKey, TokenRange> read_span_places(SQLite::Database& database) {
  std::map<UnitKey, TokenRange> places;
  SQLite::Statement select(
      database,
      "SELECT DISTINCT example, span_kind, chunk, 0 AS layer, span_begin, span_end FROM units NOT INDEXED");
  while (select.executeStep())
    places[key_of_row(select)] = {select.getColumn("span_begin").getInt64(),
                                  select.getColumn("span_end").getInt64()};
  return places;
}

std::vector<StoredPart> read_parts(SQLite::Database& database, const std::filesystem::path& path) {
  SQLite::Statement select(database,
                           select_parts("NOT INDEXED ORDER BY example, span_kind, chunk, layer, part"));
  SQLite::Statement readout(database, kSelectReadout);
  std::vector<StoredPart> parts;
  while (select.executeStep()) {
    StoredPart row = part_of_row(select, path);
    check_unit(path, database, row.unit);
    add_readout(readout, row);
    parts.push_back(std::move(row));
  }
  return parts;
}

std::vector<UnitRecord> read_units(SQLite::Database& database, const std::filesystem::path& path) {
  std::vector<UnitRecord> units;
  for (StoredPart& row : read_parts(database, path)) {
    if (!units.empty() && units.back().key == row.record.key) {
      units.back() = joined(units.back(), row.record);
    } else {
      units.push_back(std::move(row.record));
    }
  }
  return units;
}

}  // namespace tugline
