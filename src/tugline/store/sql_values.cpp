#include "tugline/store/sql_values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tugline/core/error.h"

namespace tugline {
std::string insert_sql(const char* table, const std::vector<std::string>& columns) {
  return fmt::format("INSERT INTO {} ({}) VALUES (:{})", table, fmt::join(columns, ", "),
                     fmt::join(columns, ", :"));
}

std::string list_of(const std::vector<std::string>& columns) {
  return fmt::format("{}", fmt::join(columns, ", "));
}

void bind_optional(SQLite::Statement& statement, const std::string& column,
                   const std::optional<double>& value) {
  if (value) {
    bind_value(statement, column, *value);
  } else {
    statement.bind(":" + column);  // NULL
  }
}

void bind_blob(SQLite::Statement& statement, const std::string& column, std::span<const std::byte> blob) {
  // Not a null pointer, which SQLite takes for NULL.
  const void* bytes = blob.empty() ? static_cast<const void*>("") : blob.data();
  statement.bind(":" + column, bytes, static_cast<int>(blob.size()));
}

std::optional<double> optional_double(const SQLite::Column& column) {
  if (column.isNull()) return std::nullopt;
  return column.getDouble();
}

int32_t int32_of(const SQLite::Column& column) {
  const int64_t value = column.getInt64();
  if (value != static_cast<int32_t>(value)) {
    fail(ErrorCode::kInput, "column {} of the run store has {}, expected a number of 32 bits",
         column.getName(), value);
  }
  return static_cast<int32_t>(value);
}

}  // namespace tugline
