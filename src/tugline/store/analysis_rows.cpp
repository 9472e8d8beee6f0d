#include "tugline/store/analysis_rows.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <stdexcept>

namespace tugline {
namespace {

constexpr const char* kPrefix = "analysis_";

// Names become part of SQL.
void check_name(const std::string& name) {
  const bool is_plain = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_';
  });
  if (!is_plain) throw std::logic_error("\"" + name + "\" cannot name a table or column");
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
    if (name.starts_with(kPrefix)) names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

bool has_analysis(SQLite::Database& database) { return !analysis_tables(database).empty(); }

void drop_analysis(SQLite::Database& database) {
  for (const std::string& name : analysis_tables(database)) database.exec("DROP TABLE \"" + name + "\"");
}

void insert_analysis_table(SQLite::Database& database, const ResultTable& table) {
  check_name(table.name);
  for (const std::string& column : table.columns) check_name(column);
  const std::string name = kPrefix + table.name;
  database.exec(fmt::format("CREATE TABLE {} (\"{}\")", name, fmt::join(table.columns, "\", \"")));
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
}

std::optional<ResultTable> read_analysis_table(SQLite::Database& database, const std::string& name) {
  check_name(name);
  if (!database.tableExists(kPrefix + name)) return std::nullopt;
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
