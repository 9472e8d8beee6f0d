#include "tugline/store/store_faults.h"

#include <fmt/format.h>

#include "tugline/core/error.h"
#include "tugline/store/checksums.h"

namespace tugline {
namespace {

// Adds what the check says, if it refuses. Each message begins with the file's path, which all of them share.
template <typename Check>
void add_fault(std::vector<std::string>& faults, const std::filesystem::path& path, Check&& check) {
  try {
    check();
  } catch (const Error& e) {
    std::string text = e.what();
    const std::string begin = path.string() + ": ";
    if (text.starts_with(begin)) text.erase(0, begin.size());
    faults.push_back(std::move(text));
  }
}

}  // namespace

std::vector<std::string> structure_faults(SQLite::Database& database) {
  std::vector<std::string> faults;
  SQLite::Statement check(database, "PRAGMA integrity_check(100)");
  while (check.executeStep())
    if (const std::string fault = check.getColumn(0).getString(); fault != "ok") faults.push_back(fault);
  return faults;
}

std::vector<std::string> orphan_faults(SQLite::Database& database) {
  std::vector<std::string> faults;
  SQLite::Statement orphans(database, "PRAGMA foreign_key_check");
  while (orphans.executeStep())
    faults.push_back(fmt::format("table {} has a row of a row of {} that is not there",
                                 orphans.getColumn(0).getString(), orphans.getColumn(2).getString()));
  SQLite::Statement audits(
      database,
      "SELECT unit, audit_of FROM units AS audit WHERE audit_of IS NOT NULL AND NOT EXISTS "
      "(SELECT 1 FROM units AS part WHERE part.example = audit.example AND part.span_kind = "
      "audit.span_kind AND part.chunk = audit.chunk AND part.layer = audit.layer AND "
      "part.part = audit.audit_of AND part.audit_of IS NULL)");
  while (audits.executeStep())
    faults.push_back(fmt::format("unit {} audits part {}, which is not there", audits.getColumn(0).getInt64(),
                                 audits.getColumn(1).getInt64()));
  return faults;
}

std::vector<std::string> checksum_faults(const std::filesystem::path& path, SQLite::Database& database,
                                         const std::function<bool(int64_t, int64_t)>& checked) {
  std::vector<std::string> faults;
  add_fault(faults, path, [&] { check_tables(path, database); });
  const int64_t all = database.execAndGet("SELECT COUNT(*) FROM units").getInt64();
  int64_t done = 0;
  SQLite::Statement units(database, "SELECT unit FROM units");
  while (units.executeStep()) {
    const int64_t unit = units.getColumn(0).getInt64();
    add_fault(faults, path, [&] { check_unit(path, database, unit); });
    add_fault(faults, path, [&] { check_responses(path, database, unit); });
    add_fault(faults, path, [&] { check_packed_rows(path, database, unit); });
    if (!checked(++done, all)) throw Error(ErrorCode::kInterrupted, "interrupted");
  }
  return faults;
}

}  // namespace tugline
