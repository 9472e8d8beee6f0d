// Result tables to SQL tables and back. For the store's own sources; the caller holds the transaction.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>
#include <string>

#include "tugline/store/result_table.h"

namespace tugline {

[[nodiscard]] bool has_analysis(SQLite::Database& database);

// Every table that insert_analysis_table made.
void drop_analysis(SQLite::Database& database);

// Makes "analysis_NAME" with the table's columns, untyped, and fills it. What is not known and what is not finite is NULL.
// Throws std::logic_error where a name is no plain word, or a row has not one cell a column.
void insert_analysis_table(SQLite::Database& database, const ResultTable& table);

// In the order of inserting. Nothing where there is no such table.
[[nodiscard]] std::optional<ResultTable> read_analysis_table(SQLite::Database& database,
                                                             const std::string& name);

}  // namespace tugline
