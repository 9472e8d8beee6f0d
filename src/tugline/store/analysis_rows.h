// Writes result tables as SQL tables and reads them back. For the store's own sources; the caller holds the
// transaction.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <optional>
#include <string>

#include "tugline/store/result_table.h"

namespace tugline {

[[nodiscard]] bool has_analysis(SQLite::Database& database);

// Every table that insert_analysis_table made.
void drop_analysis(SQLite::Database& database);

// True if this table of the store is one that insert_analysis_table makes: of a known name, with columns of
// no type, constraint, default or formula.
[[nodiscard]] bool is_analysis_table(SQLite::Database& database, const std::string& table);

// Makes "analysis_NAME" with the table's columns, untyped, and fills it. A value that is unknown or not
// finite is NULL. Throws std::logic_error if the name is not in store/analysis_names.h, a column's is empty,
// or a row has not one cell a column; Error kInput if two columns have one name, upper and lower case being
// the same.
void insert_analysis_table(SQLite::Database& database, const ResultTable& table);

// Reads a table, with rows in the order of inserting. No value if there is no such table. Throws Error kInput
// if it is not what was written; `path` is for the message.
[[nodiscard]] std::optional<ResultTable> read_analysis_table(SQLite::Database& database,
                                                             const std::string& name,
                                                             const std::filesystem::path& path);

}  // namespace tugline
