#include "tugline/store/failure_rows.h"

#include "tugline/store/checksums.h"
#include "tugline/store/sql_values.h"

namespace tugline {
namespace {

constexpr const char* kTable = "failed_units";

void bind_key(SQLite::Statement& statement, const UnitKey& key) {
  statement.bind(1, key.example);
  statement.bind(2, key.span_kind);
  statement.bind(3, key.chunk);
  statement.bind(4, key.layer);
}

}  // namespace

void put_failure(SQLite::Database& database, const FailedUnit& failed) {
  remove_failure(database, failed.key);
  SQLite::Statement insert(database,
                           "INSERT INTO failed_units (example, span_kind, chunk, layer, session, span_begin, "
                           "span_end, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  bind_key(insert, failed.key);
  insert.bind(5, failed.session);
  insert.bind(6, failed.span.begin);
  insert.bind(7, failed.span.end);
  insert.bind(8, failed.reason);
  insert.exec();
  note_inserted(database, kTable);
}

void remove_failure(SQLite::Database& database, const UnitKey& key) {
  SQLite::Statement find(
      database,
      "SELECT rowid FROM failed_units WHERE example = ? AND span_kind = ? AND chunk = ? AND layer = ?");
  bind_key(find, key);
  if (!find.executeStep()) return;
  const int64_t rowid = find.getColumn(0).getInt64();
  note_removal(database, kTable, rowid);
  SQLite::Statement remove(database, "DELETE FROM failed_units WHERE rowid = ?");
  remove.bind(1, rowid);
  remove.exec();
}

std::vector<FailedUnit> read_failures(SQLite::Database& database) {
  std::vector<FailedUnit> failures;
  SQLite::Statement row(database,
                        "SELECT example, span_kind, chunk, layer, span_begin, span_end, reason, session FROM "
                        "failed_units NOT INDEXED ORDER BY example, span_kind, chunk, layer");
  while (row.executeStep())
    failures.push_back({.key = {.example = row.getColumn(0).getInt64(),
                                .span_kind = row.getColumn(1).getString(),
                                .chunk = row.getColumn(2).getInt64(),
                                .layer = int32_of(row.getColumn(3))},
                        .span = {row.getColumn(4).getInt64(), row.getColumn(5).getInt64()},
                        .reason = row.getColumn(6).getString(),
                        .session = row.getColumn(7).getInt64()});
  return failures;
}

}  // namespace tugline
