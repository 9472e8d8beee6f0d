// Writes values into SQLite's columns and reads them back, by the columns' names. For the store's own
// sources.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tugline {

// "INSERT INTO table (a, b) VALUES (:a, :b)". The names are ours, never a file's.
[[nodiscard]] std::string insert_sql(const char* table, const std::vector<std::string>& columns);
// "a, b"
[[nodiscard]] std::string list_of(const std::vector<std::string>& columns);

// The parameter of a column that insert_sql named.
template <typename T>
void bind_value(SQLite::Statement& statement, const std::string& column, const T& value) {
  statement.bind(":" + column, value);
}
void bind_optional(SQLite::Statement& statement, const std::string& column,
                   const std::optional<double>& value);

void bind_blob(SQLite::Statement& statement, const std::string& column, std::span<const std::byte> blob);

[[nodiscard]] std::optional<double> optional_double(const SQLite::Column& column);
// Layers, directions and tokens. Throws Error kInput if the value does not fit: tugline did not write it.
[[nodiscard]] int32_t int32_of(const SQLite::Column& column);

}  // namespace tugline
