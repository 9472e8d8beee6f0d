#include "tugline/store/analysis_rows.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "tugline/core/error.h"
#include "tugline/store/analysis_names.h"
#include "tugline/store/checksums.h"

namespace tugline {
namespace {

constexpr const char* kPrefix = "analysis_";

bool is_known(std::string_view name) {
  return std::find(table::kAll.begin(), table::kAll.end(), name) != table::kAll.end();
}

// Columns are named by an analysis, some of them by the dataset: any text, as an SQL identifier.
std::string quoted(const std::string& column) {
  if (column.empty() || column.find('\0') != std::string::npos)
    throw std::logic_error("\"" + column + "\" cannot name a column");
  std::string text = "\"";
  for (const char c : column) text += c == '"' ? "\"\"" : std::string(1, c);
  return text + '"';
}

// Metrics are named by the dataset, and SQL names are the same whatever their case.
void check_distinct(const std::string& table, const std::vector<std::string>& columns) {
  std::set<std::string> seen;
  for (const std::string& column : columns) {
    std::string name = column;
    for (char& c : name)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (!seen.insert(name).second)
      fail(ErrorCode::kInput,
           "the analysis cannot be kept: table {} would have two columns \"{}\", upper and lower case being "
           "the same; "
           "give the metric another name in the dataset",
           table, column.substr(0, 80));
  }
}

// What insert_analysis_table runs, and what must have made an analysis table of a store that is read.
std::string creation(const std::string& table, const std::vector<std::string>& columns) {
  std::vector<std::string> names;
  for (const std::string& column : columns) names.push_back(quoted(column));
  return fmt::format("CREATE TABLE {} ({})", table, fmt::join(names, ", "));
}

struct Bind {
  SQLite::Statement& statement;
  int index = {};
  void operator()(std::monostate) const { statement.bind(index); }
  void operator()(int64_t value) const { statement.bind(index, value); }
  void operator()(double value) const {
    std::isfinite(value) ? statement.bind(index, value) : statement.bind(index);
  }
  void operator()(const std::string& value) const { statement.bind(index, value); }
};

Cell cell_of_column(const SQLite::Column& column) {
  if (column.isNull()) return {};
  if (column.isInteger()) return column.getInt64();
  if (column.isFloat()) return column.getDouble();
  return column.getString();
}

std::vector<std::string> analysis_tables(SQLite::Database& database) {
  std::vector<std::string> names;
  SQLite::Statement select(database, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
  while (select.executeStep()) {
    std::string name = select.getColumn(0).getString();
    if (name.starts_with(kPrefix) && is_known(name.substr(std::string_view(kPrefix).size())))
      names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

bool has_analysis(SQLite::Database& database) { return !analysis_tables(database).empty(); }

void drop_analysis(SQLite::Database& database) {
  for (const std::string& name : analysis_tables(database)) {
    database.exec("DROP TABLE " + name);
    forget_analysis_table(database, name);
  }
}

bool is_analysis_table(SQLite::Database& database, const std::string& table) {
  const std::vector<std::string> names = analysis_tables(database);
  if (std::find(names.begin(), names.end(), table) == names.end()) return false;
  std::vector<std::string> columns;
  SQLite::Statement select(database, "SELECT name FROM pragma_table_xinfo(?) ORDER BY cid");
  select.bind(1, table);
  while (select.executeStep()) columns.push_back(select.getColumn(0).getString());
  SQLite::Statement made(database, "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?");
  made.bind(1, table);
  return made.executeStep() && made.getColumn(0).getString() == creation(table, columns);
}

void insert_analysis_table(SQLite::Database& database, const ResultTable& table) {
  if (!is_known(table.name)) throw std::logic_error("\"" + table.name + "\" is no table of an analysis");
  const std::string name = kPrefix + table.name;
  check_distinct(name, table.columns);
  database.exec(creation(name, table.columns));
  const std::vector<std::string> places(table.columns.size(), "?");
  SQLite::Statement insert(database,
                           fmt::format("INSERT INTO {} VALUES ({})", name, fmt::join(places, ", ")));
  for (const std::vector<Cell>& row : table.rows) {
    if (row.size() != table.columns.size())
      throw std::logic_error(name + ": a row has not one cell a column");
    for (size_t i = 0; i < row.size(); ++i) std::visit(Bind{insert, static_cast<int>(i) + 1}, row[i]);
    insert.exec();
    insert.reset();
  }
  note_analysis_table(database, name);
}

std::optional<ResultTable> read_analysis_table(SQLite::Database& database, const std::string& name,
                                               const std::filesystem::path& path) {
  if (!is_known(name) || !database.tableExists(kPrefix + name)) return std::nullopt;
  check_analysis_table(path, database, kPrefix + name);
  SQLite::Statement select(database, fmt::format("SELECT * FROM {}{} ORDER BY rowid", kPrefix, name));
  ResultTable table{.name = name, .columns = {}};
  for (int i = 0; i < select.getColumnCount(); ++i) table.columns.emplace_back(select.getColumnName(i));
  while (select.executeStep()) {
    std::vector<Cell> row;
    for (int i = 0; i < select.getColumnCount(); ++i) row.push_back(cell_of_column(select.getColumn(i)));
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace tugline
