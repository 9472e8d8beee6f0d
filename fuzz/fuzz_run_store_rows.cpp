// A run store that somebody crafted: a whole one, some of whose values were changed and whose checksums were
// made to fit. An Error, or a part that can be read. The first byte of the input chooses the part. Changes of
// 12 bytes follow: table, row, column, kind of value, and 8 bytes for the value.
#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
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

// Returns whether there is such a row and no constraint refused the value.
bool change(SQLite::Database& database, const std::string& table, const uint8_t* bytes, bool is_summed) {
  const std::vector<std::string>& names = columns_of(database, table);
  const std::string& name = names[bytes[2] % names.size()];
  // Tables without a rowid have a unit.
  const std::string key = table == "readout_rows" || table == "responses" ? "unit" : "rowid";
  const int64_t row = bytes[1] % 8;
  if (is_summed) tugline::note_removal(database, table.c_str(), row);
  SQLite::Statement update(
      database, "UPDATE " + table + " SET " + name + " = ? WHERE " + key + " = " + std::to_string(row));
  bind(update, bytes[3], bytes + 4);
  const bool is_changed = update.tryExecuteStep() == SQLITE_DONE && database.getChanges() > 0;
  if (is_summed) tugline::note_row(database, table.c_str(), row);
  return is_changed;
}

void note_all_units(SQLite::Database& database) {
  database.exec("DELETE FROM checksums WHERE name = 'units'");
  std::vector<int64_t> units;
  SQLite::Statement select(database, "SELECT unit FROM units");
  while (select.executeStep()) units.push_back(select.getColumn(0).getInt64());
  for (const int64_t unit : units) tugline::note_unit(database, unit);
}

void change_all(SQLite::Database& database, const uint8_t* data, size_t size) {
  bool is_unit_changed = false;
  for (size_t at = 0; at + kChangeBytes <= size; at += kChangeBytes) {
    const size_t table = data[at] % (tugline::kHashedTables.size() + kOfUnits.size());
    const bool is_summed = table < tugline::kHashedTables.size();
    const char* name =
        is_summed ? tugline::kHashedTables[table] : kOfUnits[table - tugline::kHashedTables.size()];
    try {
      is_unit_changed |= change(database, name, data + at, is_summed) && !is_summed;
    } catch (const SQLite::Exception&) {  // there is no such row
    }
  }
  if (is_unit_changed) note_all_units(database);
}

// A run store that stays open, for writing, and is as it was after each input: nothing is committed.
class ChangedStore {
 public:
  ChangedStore() { database_.exec("PRAGMA journal_mode = MEMORY"); }
  // The bytes of the store after these changes.
  std::string after(const uint8_t* data, size_t size) {
    const SQLite::Transaction taken_back(database_);
    change_all(database_, data, size);
    sqlite3_int64 bytes = 0;
    const std::unique_ptr<unsigned char, decltype(&sqlite3_free)> image(
        sqlite3_serialize(database_.getHandle(), "main", &bytes, 0), sqlite3_free);
    if (!image) std::abort();
    std::string text(reinterpret_cast<const char*>(image.get()), static_cast<size_t>(bytes));
    // The file's change counter, which a commit sets. An open reader sees by it that its pages are old.
    ++changes_;
    for (const size_t at : {24, 92}) std::memcpy(text.data() + at, &changes_, sizeof changes_);
    return text;
  }

 private:
  ScratchFile file_{"changed.db"};
  SQLite::Database database_{file_.holding(whole_store()), SQLite::OPEN_READWRITE};
  uint32_t changes_ = 0;
};

}  // namespace

// The reader is open before the changes, as one is that reads while others write. After `kParts` come the
// checks of opening.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static ChangedStore changed;
  static ScratchFile file("crafted.db");
  static const auto reader = tugline::RunStore::open_read_only(file.holding(whole_store()));
  if (size == 0) return 0;
  const size_t part = data[0] % (kParts.size() + 1);
  attempt([&] {
    file.holding(changed.after(data + 1, size - 1));
    if (part < kParts.size()) return kParts[part](reader);
    static_cast<void>(tugline::RunStore::open_read_only(file.path()));
  });
  return 0;
}
