#include "tugline/store/row_hash.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sqlite3.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "tugline/core/error.h"

namespace tugline {
namespace {

const char* type_name(int type) {
  switch (type) {
    case SQLITE_INTEGER:
      return "a whole number";
    case SQLITE_FLOAT:
      return "a number";
    case SQLITE_TEXT:
      return "text";
    case SQLITE_BLOB:
      return "bytes";
    default:
      return "NULL";
  }
}

int type_of(std::string_view declared) {
  if (declared == "INTEGER") return SQLITE_INTEGER;
  if (declared == "REAL") return SQLITE_FLOAT;
  return declared == "TEXT" ? SQLITE_TEXT : SQLITE_BLOB;
}

// The first values of a row, which tell it from others.
std::string row_name(SQLite::Statement& row) {
  constexpr int kMost = 3;
  std::vector<std::string> values;
  for (int i = 0; i < row.getColumnCount() && i < kMost; ++i)
    values.push_back(row.getColumn(i).getString().substr(0, 30));
  return fmt::format("({})", fmt::join(values, ", "));
}

}  // namespace

void RowHash::note_columns(SQLite::Statement& row, std::string_view left_out) {
  for (int i = 0; i < row.getColumnCount(); ++i)
    columns_.push_back({types_ == ColumnTypes::kAny ? 0 : type_of(row.getColumnDeclaredType(i)),
                        !left_out.empty() && row.getColumnName(i) == left_out});
}

void RowHash::refuse_value(SQLite::Statement& row, int column) const {
  const SQLite::Column value = row.getColumn(column);
  const int expected = columns_[static_cast<size_t>(column)].type;
  const bool is_expected = expected == 0 || value.getType() == expected;
  fail(ErrorCode::kInput, "{}: {}.{} of row {} is {}, expected {}; restore a copy or measure again",
       path_.string(), table_, value.getName(), row_name(row),
       is_expected ? "infinite" : type_name(value.getType()),
       type_name(is_expected ? value.getType() : expected));
}

void RowHash::add(SQLite::Statement& row, std::string_view left_out) {
  if (columns_.empty()) note_columns(row, left_out);
  numbers_.assign(columns_.size(), std::numeric_limits<double>::quiet_NaN());
  for (int i = 0; i < static_cast<int>(columns_.size()); ++i) {
    const auto [expected, is_left_out] = columns_[static_cast<size_t>(i)];
    if (is_left_out) continue;
    const SQLite::Column value = row.getColumn(i);
    const int type = value.getType();
    if (type != expected && type != SQLITE_NULL && expected != 0) refuse_value(row, i);
    const auto mark = static_cast<std::byte>(type);
    hash_.add({&mark, 1});
    if (type == SQLITE_INTEGER) {
      const int64_t number = value.getInt64();
      hash_.add_number(static_cast<uint64_t>(number));
      numbers_[static_cast<size_t>(i)] = static_cast<double>(number);
    }
    if (type == SQLITE_FLOAT) {
      const double number = value.getDouble();
      if (!std::isfinite(number)) refuse_value(row, i);
      hash_.add_number(std::bit_cast<uint64_t>(number));
      numbers_[static_cast<size_t>(i)] = number;
    }
    if (type == SQLITE_TEXT || type == SQLITE_BLOB) {
      const void* bytes = type == SQLITE_TEXT ? value.getText() : value.getBlob();
      const auto size = static_cast<size_t>(value.getBytes());
      hash_.add_number(size);
      hash_.add({static_cast<const std::byte*>(bytes), size});
    }
  }
}

}  // namespace tugline
