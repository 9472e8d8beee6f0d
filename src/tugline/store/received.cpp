#include "tugline/store/received.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <system_error>
#include <utility>

#include "tugline/core/error.h"
#include "tugline/core/file_status.h"
#include "tugline/store/analysis_rows.h"
#include "tugline/store/checksums.h"
#include "tugline/store/schema.h"

namespace tugline {
namespace {

// An object's table, and the statement that made it.
struct Origin {
  std::string table;
  std::string statement;
};
// By type and name.
using Objects = std::map<std::pair<std::string, std::string>, Origin>;

// A statement's words: without comments, and with one space for each stretch of white space, outside of
// quotes.
std::string words_of(const std::string& sql) {
  std::string words;
  char quote = 0;
  for (size_t i = 0; i < sql.size(); ++i) {
    const char c = sql[i];
    if (quote != 0 || c == '\'' || c == '"' || c == '`') {
      words += c;
      quote = quote == 0 ? c : (quote == c ? char{0} : quote);
    } else if (sql.compare(i, 2, "--") == 0) {
      i = std::min(sql.find('\n', i), sql.size()) - 1;
    } else if (c != ' ' && c != '\n' && c != '\t' && c != '\r') {
      words += c;
    } else if (!words.empty() && words.back() != ' ') {
      words += ' ';
    }
  }
  return words;
}

bool is_same(const Origin& a, const Origin& b) {
  return a.table == b.table && (a.statement == b.statement || words_of(a.statement) == words_of(b.statement));
}

Objects objects_in(SQLite::Database& database) {
  Objects objects;
  SQLite::Statement select(database, "SELECT type, name, tbl_name, sql FROM sqlite_master");
  while (select.executeStep()) {
    objects[{select.getColumn(0).getString(), select.getColumn(1).getString()}] = {
        select.getColumn(2).getString(), select.getColumn(3).getString()};
  }
  return objects;
}

Objects known_objects() {
  SQLite::Database made(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  made.exec(schema_sql());
  return objects_in(made);
}

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& object, const char* fault) {
  fail(ErrorCode::kInput,
       "{}: {} {}, so it is not a run store as tugline makes it; get an unchanged copy, or measure again "
       "(views and "
       "indexes of your own belong in another file that attaches this one)",
       path.string(), object, fault);
}

std::string shown(const std::pair<std::string, std::string>& object) {
  constexpr size_t kMost = 60;  // bytes of a name in a message
  return fmt::format("{} \"{}\"", object.first,
                     object.second.size() > kMost ? object.second.substr(0, kMost) + "..." : object.second);
}

// Returns what there is.
Objects check_schema(const std::filesystem::path& path, SQLite::Database& database) {
  static const Objects known = known_objects();
  Objects found = objects_in(database);
  for (const auto& [object, origin] : found) {
    const auto ours = known.find(object);
    if (ours == known.end() && (object.first != "table" || !is_analysis_table(database, object.second)))
      refuse(path, shown(object), "is not tugline's");
    if (ours != known.end() && !is_same(ours->second, origin)) refuse(path, shown(object), "was altered");
  }
  for (const auto& [object, origin] : known) {
    if (!found.contains(object)) refuse(path, shown(object), "is missing");
  }
  return found;
}

// Pages that are used twice or are no tree of a table: a reader could walk them without end. The bulk of the
// file, response_rows, is left out: it is read a row at a time through its index, which ends in any case.
void check_structure(const std::filesystem::path& path, SQLite::Database& database, const Objects& objects) {
  SQLite::Statement check(database, "SELECT quick_check FROM pragma_quick_check(?)");
  for (const auto& [object, origin] : objects) {
    const auto& [type, name] = object;
    if (type != "table" || name == "response_rows") continue;
    check.bind(1, name);
    check.executeStep();
    const std::string fault = check.getColumn(0).getString();
    check.reset();
    if (fault != "ok")
      fail(ErrorCode::kInput, "{}: the file is damaged ({}); restore a copy or measure again", path.string(),
           fault.substr(0, fault.find('\n')));
  }
}

// Ends the current statement after this number of SQLite's steps. A whole file needs at most some tens for
// each byte.
class StepLimit {
 public:
  StepLimit(SQLite::Database& database, uint64_t bytes)
      : database_(database), left_(100 + bytes * 64 / kStride) {
    sqlite3_progress_handler(database.getHandle(), kStride, &count, this);
  }
  ~StepLimit() { sqlite3_progress_handler(database_.getHandle(), 0, nullptr, nullptr); }
  StepLimit(const StepLimit&) = delete;
  StepLimit& operator=(const StepLimit&) = delete;

 private:
  static constexpr int kStride = 10'000;
  static int count(void* self) { return static_cast<StepLimit*>(self)->left_-- == 0 ? 1 : 0; }
  SQLite::Database& database_;
  uint64_t left_;
};

}  // namespace

void distrust(SQLite::Database& database) {
  sqlite3* const handle = database.getHandle();
  const std::pair<int, int> settings[] = {{SQLITE_DBCONFIG_DEFENSIVE, 1},
                                          {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                                          {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
                                          {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
                                          {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
                                          {SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0}};
  for (const auto& [setting, value] : settings) sqlite3_db_config(handle, setting, value, nullptr);
  sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
  database.exec("PRAGMA cell_size_check = ON");
}

void check_contents(const std::filesystem::path& path, SQLite::Database& database, StructureCheck structure) {
  const StepLimit limit(database, size_of(path));
  const SQLite::Transaction snapshot(database);
  const Objects objects = check_schema(path, database);
  if (structure == StructureCheck::kYes) check_structure(path, database, objects);
  check_tables(path, database);
}

}  // namespace tugline
