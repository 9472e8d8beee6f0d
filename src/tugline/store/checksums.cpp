#include "tugline/store/checksums.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "tugline/core/error.h"
#include "tugline/store/row_hash.h"

namespace tugline {
namespace {

using std::filesystem::path;

constexpr const char* kUnits = "units";

// A table's sum: how many rows it has, and the sum, modulo 2^64, of their hashes.
struct Sum {
  int64_t rows = 0;
  uint64_t hash = 0;
  bool operator==(const Sum&) const = default;
};

Sum stored_sum(SQLite::Database& database, const std::string& table) {
  SQLite::Statement select(database, "SELECT rows, checksum FROM checksums WHERE name = ?");
  select.bind(1, table);
  if (!select.executeStep()) return {};
  return {select.getColumn(0).getInt64(), static_cast<uint64_t>(select.getColumn(1).getInt64())};
}

void store_sum(SQLite::Database& database, const std::string& table, const Sum& sum) {
  SQLite::Statement insert(database,
                           "INSERT OR REPLACE INTO checksums (name, rows, checksum) VALUES (?, ?, ?)");
  insert.bind(1, table);
  insert.bind(2, sum.rows);
  insert.bind(3, static_cast<int64_t>(sum.hash));
  insert.exec();
}

uint64_t hash_of_row(const path& path, SQLite::Statement& row, const std::string& table) {
  RowHash hash(path, table);
  hash.add(row);
  return hash.value();
}

uint64_t hash_of_row(SQLite::Database& database, const char* table, int64_t rowid) {
  SQLite::Statement select(database, fmt::format("SELECT * FROM {} WHERE rowid = ?", table));
  select.bind(1, rowid);
  select.executeStep();
  return hash_of_row({}, select, table);
}

Sum sum_of_table(const path& path, SQLite::Database& database, const char* table) {
  Sum sum;
  SQLite::Statement select(database, fmt::format("SELECT * FROM {} NOT INDEXED", table));
  for (; select.executeStep(); ++sum.rows) sum.hash += hash_of_row(path, select, table);
  return sum;
}

Sum sum_of_units(SQLite::Database& database) {
  Sum sum;
  SQLite::Statement select(database, "SELECT checksum FROM units NOT INDEXED");
  for (; select.executeStep(); ++sum.rows) sum.hash += static_cast<uint64_t>(select.getColumn(0).getInt64());
  return sum;
}

// `table` is one that insert_analysis_table makes. Its columns' names count: they are the dataset's in part.
Sum sum_of_analysis(const path& path, SQLite::Database& database, const std::string& table) {
  Sum sum;
  SQLite::Statement select(database, fmt::format("SELECT rowid, * FROM {}", table));
  ContentHash names;
  for (int i = 0; i < select.getColumnCount(); ++i) names.add_text(select.getColumnName(i));
  sum.hash = names.value();
  for (; select.executeStep(); ++sum.rows) {
    RowHash hash(path, table, ColumnTypes::kAny);
    hash.add(select);
    sum.hash += hash.value();
  }
  return sum;
}

[[noreturn]] void refuse(const path& path, const std::string& what) {
  fail(ErrorCode::kInput,
       "{}: {} not what tugline wrote there: the file was changed, damaged, or copied without its journal "
       "while it was "
       "written; restore a copy or measure again",
       path.string(), what);
}

void check_sum(const path& path, SQLite::Database& database, const std::string& table, const Sum& found) {
  const Sum expected = stored_sum(database, table);
  if (found.rows != expected.rows)
    refuse(path, fmt::format("table {} has {} rows, expected {}:", table, found.rows, expected.rows));
  if (found.hash != expected.hash) refuse(path, fmt::format("the contents of table {} are", table));
}

// The hash of the unit's rows of `table`, in the order of these columns.
uint64_t hash_of_unit_rows(const path& path, SQLite::Database& database, const char* table, const char* order,
                           int64_t unit) {
  RowHash hash(path, table);
  SQLite::Statement rows(database, fmt::format("SELECT * FROM {} WHERE unit = ? ORDER BY {}", table, order));
  rows.bind(1, unit);
  while (rows.executeStep()) hash.add(rows);
  return hash.value();
}

// The hash of the unit's row, which has its responses' hashes, and of its readout.
uint64_t hash_of_unit(const path& path, SQLite::Database& database, int64_t unit) {
  RowHash hash(path, kUnits);
  SQLite::Statement row(database, "SELECT * FROM units WHERE unit = ?");
  row.bind(1, unit);
  while (row.executeStep()) hash.add(row, "checksum");
  ContentHash both;
  both.add_number(hash.value());
  both.add_number(hash_of_unit_rows(path, database, "readout_rows", "ordinal", unit));
  return both.value();
}

uint64_t hash_of_responses(const path& path, SQLite::Database& database, int64_t unit) {
  return hash_of_unit_rows(path, database, "responses", "direction, epsilon", unit);
}

uint64_t hash_of_packed_rows(const path& path, SQLite::Database& database, int64_t unit) {
  return hash_of_unit_rows(path, database, "response_rows", "measure", unit);
}

uint64_t stored_checksum(SQLite::Database& database, const char* query, int64_t unit) {
  SQLite::Statement select(database, query);
  select.bind(1, unit);
  return select.executeStep() ? static_cast<uint64_t>(select.getColumn(0).getInt64()) : 0;
}

void set_checksum(SQLite::Database& database, const char* update, int64_t unit, uint64_t value) {
  SQLite::Statement statement(database, update);
  statement.bind(1, static_cast<int64_t>(value));
  statement.bind(2, unit);
  statement.exec();
}

}  // namespace

void note_inserted(SQLite::Database& database, const char* table) {
  note_row(database, table, database.getLastInsertRowid());
}

void note_row(SQLite::Database& database, const char* table, int64_t rowid) {
  const uint64_t hash = hash_of_row(database, table, rowid);
  const Sum sum = stored_sum(database, table);
  store_sum(database, table, {sum.rows + 1, sum.hash + hash});
}

void note_removal(SQLite::Database& database, const char* table, int64_t rowid) {
  const Sum sum = stored_sum(database, table);
  store_sum(database, table, {sum.rows - 1, sum.hash - hash_of_row(database, table, rowid)});
}

void note_unit(SQLite::Database& database, int64_t unit) {
  set_checksum(database, "UPDATE units SET responses_checksum = ? WHERE unit = ?", unit,
               hash_of_responses({}, database, unit));
  set_checksum(database, "UPDATE units SET rows_checksum = ? WHERE unit = ?", unit,
               hash_of_packed_rows({}, database, unit));
  const uint64_t hash = hash_of_unit({}, database, unit);
  set_checksum(database, "UPDATE units SET checksum = ? WHERE unit = ?", unit, hash);
  const Sum sum = stored_sum(database, kUnits);
  store_sum(database, kUnits, {sum.rows + 1, sum.hash + hash});
}

void note_analysis_table(SQLite::Database& database, const std::string& table) {
  store_sum(database, table, sum_of_analysis({}, database, table));
}

void forget_analysis_table(SQLite::Database& database, const std::string& table) {
  SQLite::Statement remove(database, "DELETE FROM checksums WHERE name = ?");
  remove.bind(1, table);
  remove.exec();
}

void check_tables(const path& path, SQLite::Database& database) {
  for (const char* table : kHashedTables)
    check_sum(path, database, table, sum_of_table(path, database, table));
  check_sum(path, database, kUnits, sum_of_units(database));
}

void check_unit(const path& path, SQLite::Database& database, int64_t unit) {
  const uint64_t found = hash_of_unit(path, database, unit);
  if (found != stored_checksum(database, "SELECT checksum FROM units WHERE unit = ?", unit))
    refuse(path, fmt::format("unit {} (its row in units, or its readout_rows) is", unit));
}

void check_responses(const path& path, SQLite::Database& database, int64_t unit) {
  check_responses(path, database, unit, hash_of_responses(path, database, unit));
}

void check_responses(const path& path, SQLite::Database& database, int64_t unit, uint64_t found) {
  if (found != stored_checksum(database, "SELECT responses_checksum FROM units WHERE unit = ?", unit))
    refuse(path, fmt::format("the responses of unit {} are", unit));
}

void check_packed_rows(const path& path, SQLite::Database& database, int64_t unit) {
  const uint64_t found = hash_of_packed_rows(path, database, unit);
  if (found != stored_checksum(database, "SELECT rows_checksum FROM units WHERE unit = ?", unit))
    refuse(path, fmt::format("the response_rows of unit {} are", unit));
}

void check_analysis_table(const path& path, SQLite::Database& database, const std::string& table) {
  check_sum(path, database, table, sum_of_analysis(path, database, table));
}

void check_everything(const path& path, SQLite::Database& database) {
  const std::string fault = database.execAndGet("PRAGMA integrity_check(1)").getString();
  if (fault != "ok") refuse(path, fmt::format("something in it ({}) is", fault));
  SQLite::Statement orphan(database, "PRAGMA foreign_key_check");
  if (orphan.executeStep())
    refuse(path, fmt::format("table {} has a row of a {} that is not there, which is",
                             orphan.getColumn(0).getString(), orphan.getColumn(2).getString()));
  check_tables(path, database);
  SQLite::Statement units(database, "SELECT unit FROM units");
  while (units.executeStep()) {
    check_unit(path, database, units.getColumn(0).getInt64());
    check_responses(path, database, units.getColumn(0).getInt64());
    check_packed_rows(path, database, units.getColumn(0).getInt64());
  }
}

}  // namespace tugline
