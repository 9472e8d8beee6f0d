// A run store that somebody crafted: a whole one, some of whose values were changed and whose checksums were
// made to fit. An Error, or a part that can be read. The first byte of the input chooses the part. Changes of
// 12 bytes follow: table, row, column, kind of value, and 8 bytes for the value.
#include <SQLiteCpp/SQLiteCpp.h>

#include <array>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "read_run_store.h"
#include "scratch_file.h"
#include "tugline/store/checksums.h"
#include "whole_store.h"

namespace {

// A unit's own checksums cover these, and sums cover tugline::kHashedTables.
constexpr std::array kOfUnits{"units", "readout_rows", "responses", "response_rows"};
constexpr size_t kChangeBytes = 12;

// The text of a list of ascending numbers.
std::string list_of(size_t count) {
  std::string text = "0";
  for (size_t i = 1; i < count; ++i) text += "," + std::to_string(i);
  return text;
}

// `bytes`: the 8 of a change.
void bind(SQLite::Statement& statement, uint8_t kind, const uint8_t* bytes) {
  int64_t number = 0;
  double real = 0;
  std::memcpy(&number, bytes, sizeof number);
  std::memcpy(&real, bytes, sizeof real);
  switch (kind % 8) {
    case 0:
      return statement.bind(1);  // NULL
    case 1:
      return statement.bind(1, number);
    case 2:
      return statement.bind(1, static_cast<int64_t>(static_cast<int8_t>(bytes[0])));
    case 3:
      return statement.bind(1, real);
    case 4:
      return statement.bind(1, std::string(reinterpret_cast<const char*>(bytes), bytes[7] % 8));
    case 5:
      return statement.bind(1, bytes, bytes[7] % 8);
    case 6:
      return statement.bind(1, list_of(size_t{4} * bytes[0]));
    default:
      return statement.bind(1,
                            std::vector<uint8_t>(static_cast<size_t>(bytes[0]) * bytes[1], bytes[2]).data(),
                            bytes[0] * bytes[1]);
  }
}

// The tables' columns are the same in every input.
const std::vector<std::string>& columns_of(SQLite::Database& database, const std::string& table) {
  static std::map<std::string, std::vector<std::string>> known;
  std::vector<std::string>& names = known[table];
  if (!names.empty()) return names;
  SQLite::Statement columns(database, "SELECT name FROM pragma_table_info(?)");
  columns.bind(1, table);
  while (columns.executeStep()) names.push_back(columns.getColumn(0).getString());
  return names;
}

// The key that the rows of `table` are found by: those without rowid have a unit.
void change(SQLite::Database& database, const std::string& table, const uint8_t* bytes, bool is_summed) {
  const std::vector<std::string>& names = columns_of(database, table);
  const std::string& name = names[bytes[2] % names.size()];
  const std::string key = table == "readout_rows" || table == "responses" ? "unit" : "rowid";
  const int64_t row = bytes[1] % 8;
  if (is_summed) tugline::note_removal(database, table.c_str(), row);
  SQLite::Statement update(
      database, "UPDATE " + table + " SET " + name + " = ? WHERE " + key + " = " + std::to_string(row));
  bind(update, bytes[3], bytes + 4);
  try {
    update.exec();
  } catch (const SQLite::Exception&) {  // what a constraint refuses
  }
  if (is_summed) tugline::note_row(database, table.c_str(), row);
}

void note_all_units(SQLite::Database& database) {
  database.exec("DELETE FROM checksums WHERE name = 'units'");
  std::vector<int64_t> units;
  SQLite::Statement select(database, "SELECT unit FROM units");
  while (select.executeStep()) units.push_back(select.getColumn(0).getInt64());
  for (const int64_t unit : units) tugline::note_unit(database, unit);
}

void change_all(const std::filesystem::path& path, const uint8_t* data, size_t size) {
  SQLite::Database database(path.string(), SQLite::OPEN_READWRITE);
  database.exec("PRAGMA synchronous = OFF");
  database.exec("PRAGMA journal_mode = MEMORY");
  SQLite::Transaction transaction(database);
  for (size_t at = 0; at + kChangeBytes <= size; at += kChangeBytes) {
    const size_t table = data[at] % (tugline::kHashedTables.size() + kOfUnits.size());
    const bool is_summed = table < tugline::kHashedTables.size();
    const char* name =
        is_summed ? tugline::kHashedTables[table] : kOfUnits[table - tugline::kHashedTables.size()];
    try {
      change(database, name, data + at, is_summed);
    } catch (const SQLite::Exception&) {  // there is no such row
    }
  }
  note_all_units(database);
  transaction.commit();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::string whole = whole_store();
  static ScratchFile file("crafted.db");
  if (size == 0) return 0;
  const auto& path = file.holding(reinterpret_cast<const uint8_t*>(whole.data()), whole.size());
  attempt([&] {
    change_all(path, data + 1, size - 1);
    read_run_store(path, data[0]);
  });
  return 0;
}
