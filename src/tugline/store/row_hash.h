// Hashes the rows of a SQLite query and checks the types of their values. For the store's own sources.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tugline/core/content_hash.h"

namespace tugline {

// kAny: columns of an analysis, which are declared without a type.
enum class ColumnTypes { kDeclared, kAny };

class RowHash {
 public:
  // The hash of rows of `table`. Both names are for messages.
  RowHash(std::filesystem::path path, std::string table, ColumnTypes types = ColumnTypes::kDeclared)
      : path_(std::move(path)), table_(std::move(table)), types_(types) {}

  // The row that the statement is at, always the same statement, without a column of the name `left_out`.
  // Throws Error kInput, naming table, column and row, if a value is of another type than the column was
  // declared with, or is an infinity. NULL is of every type: the schema says where.
  void add(SQLite::Statement& row, std::string_view left_out = {});
  [[nodiscard]] uint64_t value() const { return hash_.value(); }
  // The number in a column of the row that was added last, so that it need not be fetched again; no value for
  // NULL, text and bytes.
  [[nodiscard]] std::optional<double> number(int column) const {
    const double number = numbers_[static_cast<size_t>(column)];
    return std::isnan(number) ? std::nullopt : std::optional(number);
  }

 private:
  struct ExpectedColumn {
    int type;  // SQLite's; 0: any
    bool left_out;
  };
  void note_columns(SQLite::Statement& row, std::string_view left_out);
  [[noreturn]] void refuse_value(SQLite::Statement& row, int column) const;
  std::filesystem::path path_;
  std::string table_;
  ColumnTypes types_;
  std::vector<ExpectedColumn> columns_;  // of the statement; empty before the first row
  std::vector<double> numbers_;          // of the last row; NaN if there is none: SQLite stores no NaN
  ContentHash hash_;
};

}  // namespace tugline
