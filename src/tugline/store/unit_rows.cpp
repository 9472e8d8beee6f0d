#include "tugline/store/unit_rows.h"

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "tugline/core/error.h"
#include "tugline/store/checksums.h"
#include "tugline/store/response_rows.h"
#include "tugline/store/sql_values.h"

namespace tugline {
namespace {

// But for the row's own number, and the checksums, which note_unit sets.
std::vector<std::string> unit_columns() {
  std::vector<std::string> columns{"session",    "example",  "span_kind", "chunk",    "layer",
                                   "span_begin", "span_end", "span_text", "position", "rms",
                                   "sink",       "note",     "seconds",   "audited"};
  for (const Measure& measure : kMeasures) columns.push_back(measure.audit_column());
  return columns;
}

void insert_unit_row(SQLite::Database& database, int64_t session, const UnitRecord& unit) {
  std::vector<std::string> columns = unit_columns();
  columns.insert(columns.end(), {"responses_checksum", "checksum"});
  SQLite::Statement insert(database, insert_sql("units", columns));
  bind_value(insert, "session", session);
  bind_value(insert, "example", unit.key.example);
  bind_value(insert, "span_kind", unit.key.span_kind);
  bind_value(insert, "chunk", unit.key.chunk);
  bind_value(insert, "layer", unit.key.layer);
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
  bind_value(insert, "checksum", 0);
  insert.exec();
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

void insert_unit(SQLite::Database& database, int64_t session, const UnitRecord& unit) {
  insert_unit_row(database, session, unit);
  const int64_t id = database.getLastInsertRowid();
  insert_readout(database, id, unit.measured);
  insert_responses(database, id, unit.measured.responses);
  note_unit(database, id);
}

std::optional<int64_t> find_unit(SQLite::Database& database, const UnitKey& key,
                                 const std::filesystem::path& path) {
  SQLite::Statement select(
      database, "SELECT unit FROM units WHERE example = ? AND span_kind = ? AND chunk = ? AND layer = ?");
  select.bind(1, key.example);
  select.bind(2, key.span_kind);
  select.bind(3, key.chunk);
  select.bind(4, key.layer);
  if (!select.executeStep()) {
    return std::nullopt;
  }
  const int64_t unit = select.getColumn(0).getInt64();
  // The index said so; the checksums are of the rows.
  SQLite::Statement row(database,
                        "SELECT example, span_kind, chunk, layer FROM units NOT INDEXED WHERE unit = ?");
  row.bind(1, unit);
  if (!row.executeStep() || key_of_row(row) != key) {
    fail(ErrorCode::kInput,
         "{}: the index of units is damaged: it has unit {} as {}; restore a copy or measure again",
         path.string(), unit, described(key));
  }
  return unit;
}

std::vector<UnitKey> read_unit_keys(SQLite::Database& database) {
  std::vector<UnitKey> keys;
  SQLite::Statement select(database,
                           "SELECT example, span_kind, chunk, layer FROM units NOT INDEXED ORDER BY example, "
                           "span_kind, chunk, layer");
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

std::map<UnitKey, size_t> read_unit_sessions(SQLite::Database& database) {
  std::map<UnitKey, size_t> sessions;
  SQLite::Statement select(
      database,
      "SELECT (SELECT COUNT(*) FROM sessions WHERE sessions.session < units.session) AS sessions_before, "
      "example, span_kind, chunk, layer FROM units NOT INDEXED");
  while (select.executeStep()) {
    sessions[key_of_row(select)] = static_cast<size_t>(select.getColumn("sessions_before").getInt64());
  }
  return sessions;
}

std::vector<UnitRecord> read_units(SQLite::Database& database, const std::filesystem::path& path) {
  SQLite::Statement select(
      database,
      fmt::format("SELECT unit, {} FROM units NOT INDEXED ORDER BY example, span_kind, chunk, layer",
                  list_of(unit_columns())));
  SQLite::Statement readout(database,
                            "SELECT position, token FROM readout_rows WHERE unit = ? ORDER BY ordinal");
  std::vector<UnitRecord> units;
  while (select.executeStep()) {
    const int64_t id = select.getColumn("unit").getInt64();
    check_unit(path, database, id);
    UnitRecord unit = unit_of_row(select);
    readout.bind(1, id);
    while (readout.executeStep()) {
      unit.measured.rows.push_back(readout.getColumn(0).getInt64());
      unit.measured.row_tokens.push_back(int32_of(readout.getColumn(1)));
    }
    readout.reset();
    units.push_back(std::move(unit));
  }
  return units;
}

}  // namespace tugline
