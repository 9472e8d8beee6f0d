#include "tugline/store/sql_values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <bit>
#include <type_traits>

#include "tugline/core/error.h"

namespace tugline {
namespace {

template <typename T>
using BitsOf =
    std::conditional_t<sizeof(T) == 8, uint64_t, std::conditional_t<sizeof(T) == 4, uint32_t, uint8_t>>;

template <typename T>
std::string to_blob(const std::vector<double>& values) {
  std::string blob;
  blob.reserve(values.size() * sizeof(T));
  for (const double value : values) {
    const uint64_t bits = std::bit_cast<BitsOf<T>>(static_cast<T>(value));
    for (size_t byte = 0; byte < sizeof(T); ++byte)
      blob.push_back(static_cast<char>((bits >> (8 * byte)) & 0xff));
  }
  return blob;
}

template <typename T>
double number_at(const unsigned char* bytes) {
  uint64_t bits = 0;
  for (size_t byte = 0; byte < sizeof(T); ++byte) bits |= static_cast<uint64_t>(bytes[byte]) << (8 * byte);
  return static_cast<double>(std::bit_cast<T>(static_cast<BitsOf<T>>(bits)));
}

template <typename T>
std::vector<double> from_blob(const SQLite::Column& blob) {
  const auto* bytes = static_cast<const unsigned char*>(blob.getBlob());
  std::vector<double> values(static_cast<size_t>(blob.getBytes()) / sizeof(T));
  for (size_t i = 0; i < values.size(); ++i) values[i] = number_at<T>(bytes + i * sizeof(T));
  return values;
}

std::string tokens_to_blob(const std::vector<double>& values) {
  std::string blob;
  for (size_t i = 0; i < values.size(); ++i)
    blob += i % 2 == 0 ? to_blob<int32_t>({values[i]}) : to_blob<float>({values[i]});
  return blob;
}

std::vector<double> tokens_from_blob(const SQLite::Column& blob) {
  const auto* bytes = static_cast<const unsigned char*>(blob.getBlob());
  std::vector<double> values(static_cast<size_t>(blob.getBytes()) / 4);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = i % 2 == 0 ? number_at<int32_t>(bytes + 4 * i) : number_at<float>(bytes + 4 * i);
  return values;
}

}  // namespace

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

std::string blob_of(const std::vector<double>& values, RowType type) {
  switch (type) {
    case RowType::kF64:
      return to_blob<double>(values);
    case RowType::kF32:
      return to_blob<float>(values);
    case RowType::kFlag:
      return to_blob<uint8_t>(values);
    case RowType::kTokens:
      return tokens_to_blob(values);
  }
  return {};
}

std::vector<double> values_of(const SQLite::Column& blob, RowType type) {
  switch (type) {
    case RowType::kF64:
      return from_blob<double>(blob);
    case RowType::kF32:
      return from_blob<float>(blob);
    case RowType::kFlag:
      return from_blob<uint8_t>(blob);
    case RowType::kTokens:
      return tokens_from_blob(blob);
  }
  return {};
}

void bind_blob(SQLite::Statement& statement, const std::string& column, const std::string& blob) {
  statement.bind(":" + column, blob.data(), static_cast<int>(blob.size()));
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
