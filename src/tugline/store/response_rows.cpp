#include "tugline/store/response_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string_view>

#include "tugline/core/error.h"
#include "tugline/store/checksums.h"
#include "tugline/store/packed_rows.h"
#include "tugline/store/row_hash.h"
#include "tugline/store/sql_values.h"
#include "tugline/store/unit_rows.h"

namespace tugline {
namespace {

constexpr const char* kErrors = "kl_standard_error";

std::vector<std::string> response_columns() {
  std::vector<std::string> columns{"unit",           "direction", "epsilon",    "cosine",
                                   "null_direction", kErrors,     "kl_own_row", "kl_after"};
  for (const Measure& measure : kMeasures)
    if (measure.has_mean()) columns.emplace_back(measure.name);
  return columns;
}

void bind_response(SQLite::Statement& insert, const ResponseRecord& response) {
  bind_value(insert, "direction", response.direction);
  bind_value(insert, "epsilon", response.epsilon);
  bind_optional(insert, "cosine", response.cosine);
  bind_value(insert, "null_direction", response.set == DirectionSet::kNull ? 1 : 0);
  for (size_t m = 0; m < kMeasures.size(); ++m)
    if (kMeasures[m].has_mean()) bind_optional(insert, std::string(kMeasures[m].name), response.means[m]);
  bind_optional(insert, kErrors, response.kl_standard_error);
  bind_optional(insert, "kl_own_row", response.kl_own_row);
  bind_optional(insert, "kl_after", response.kl_after);
}

// Places among the columns of a query: looking names up for each row would take longer than reading the
// values.
struct ColumnPlaces {
  int direction, epsilon, cosine, null_direction, error, own_row, after;
  ByMeasure<int> means;  // -1 for a measure without a mean
};

ColumnPlaces places_of(SQLite::Statement& select) {
  std::vector<std::string> columns;
  for (int i = 0; i < select.getColumnCount(); ++i) columns.emplace_back(select.getColumnName(i));
  const auto at = [&](std::string_view name) {
    const auto place = std::find(columns.begin(), columns.end(), name);
    return place == columns.end() ? -1 : static_cast<int>(place - columns.begin());
  };
  ColumnPlaces places{.direction = at("direction"),
                      .epsilon = at("epsilon"),
                      .cosine = at("cosine"),
                      .null_direction = at("null_direction"),
                      .error = at(kErrors),
                      .own_row = at("kl_own_row"),
                      .after = at("kl_after"),
                      .means = {}};
  for (size_t m = 0; m < kMeasures.size(); ++m)
    places.means[m] = kMeasures[m].has_mean() ? at(kMeasures[m].name) : -1;
  return places;
}

// The row that `row` has hashed last.
ResponseRecord response_of(const RowHash& row, const ColumnPlaces& at, const std::filesystem::path& path) {
  const double direction = row.number(at.direction).value_or(-1);
  if (direction < 0 || direction > std::numeric_limits<int32_t>::max())
    fail(ErrorCode::kInput, "{}: responses.direction is {}, expected a number of 32 bits from 0 up",
         path.string(), direction);
  ResponseRecord response{
      .direction = static_cast<int32_t>(direction),
      .epsilon = row.number(at.epsilon).value_or(0),
      .set = row.number(at.null_direction).value_or(0) != 0 ? DirectionSet::kNull : DirectionSet::kMain,
      .cosine = row.number(at.cosine),
      .kl_standard_error = row.number(at.error),
      .kl_own_row = row.number(at.own_row),
      .kl_after = row.number(at.after)};
  for (size_t m = 0; m < kMeasures.size(); ++m)
    if (at.means[m] >= 0) response.means[m] = row.number(at.means[m]);
  return response;
}

}  // namespace

void check_finite(double value, const std::string& name, const std::string& where) {
  if (!std::isfinite(value)) {
    fail(ErrorCode::kInput,
         "{}: {} is {}, expected a finite number; is epsilon too large, or a weight not finite?", where, name,
         value);
  }
}

void check_storable(const ResponseRecord& response, size_t rows, const std::string& where) {
  const std::string push =
      fmt::format("{}, direction {}, epsilon {}", where, response.direction, response.epsilon);
  const auto check_rows = [&](const std::vector<double>& values, size_t expected, const std::string& name) {
    if (values.size() != expected)
      throw std::logic_error(push + ": " + name + " and readout rows do not number the same");
    for (const double value : values) check_finite(value, name + " of a row", push);
  };
  check_finite(response.epsilon, "epsilon", push);
  check_finite(response.cosine.value_or(0), "cosine", push);
  check_finite(response.kl_standard_error.value_or(0), kErrors, push);
  check_rows(response.kl_rows_standard_error, response.kl_standard_error ? rows : 0, kErrors);
  for (size_t m = 0; m < kMeasures.size(); ++m) {
    const Measure& measure = kMeasures[m];
    const std::vector<double>& values = response.rows[m];
    size_t expected = measure.is_always_measured() || !values.empty() ? rows : 0;
    if (measure.type == RowType::kTokens && rows > 0) expected = values.size() / (2 * rows) * (2 * rows);
    check_finite(response.means[m].value_or(0), std::string(measure.name), push);
    check_rows(values, expected, std::string(measure.row_name));
  }
}

void insert_responses(SQLite::Database& database, int64_t unit,
                      const std::vector<ResponseRecord>& responses) {
  SQLite::Statement insert(database, insert_sql("responses", response_columns()));
  for (const ResponseRecord& response : responses) {
    insert.clearBindings();
    bind_value(insert, "unit", unit);
    bind_response(insert, response);
    insert.exec();
    insert.reset();
  }
  insert_packed_rows(database, unit, responses);
}

void insert_tokens(SQLite::Database& database, const std::map<int32_t, std::string>& pieces) {
  SQLite::Statement known(database, "SELECT 1 FROM tokens WHERE token = ?");
  SQLite::Statement insert(database, insert_sql("tokens", {"token", "piece"}));
  for (const auto& [token, piece] : pieces) {
    known.bind(1, token);
    const bool is_there = known.executeStep();
    known.reset();
    if (is_there) continue;
    bind_value(insert, "token", token);
    bind_blob(insert, "piece", std::as_bytes(std::span(piece)));
    insert.exec();
    insert.reset();
    note_inserted(database, "tokens");
  }
}

std::map<int32_t, std::string> read_tokens(SQLite::Database& database) {
  std::map<int32_t, std::string> pieces;
  SQLite::Statement select(database, "SELECT token, piece FROM tokens");
  while (select.executeStep()) {
    const SQLite::Column piece = select.getColumn("piece");
    pieces[int32_of(select.getColumn("token"))] =
        std::string(static_cast<const char*>(piece.getBlob()), static_cast<size_t>(piece.getBytes()));
  }
  return pieces;
}

std::vector<ResponseRecord> read_responses(SQLite::Database& database, const StoredPart& part,
                                           const std::filesystem::path& path, RowValues values) {
  SQLite::Statement select(database, "SELECT * FROM responses WHERE unit = ? ORDER BY direction, epsilon");
  select.bind(1, part.unit);
  const ColumnPlaces places = places_of(select);
  RowHash hash(path, "responses");
  std::vector<ResponseRecord> responses;
  while (select.executeStep()) {
    hash.add(select);
    responses.push_back(response_of(hash, places, path));
  }
  check_responses(path, database, part.unit, hash.value());
  if (responses.size() != part.grid.size())
    fail(ErrorCode::kInput,
         "{}: unit {} has {} responses, expected {}, one for each of its directions at each of its epsilons; "
         "restore a copy or measure again",
         path.string(), part.unit, responses.size(), part.grid.size());
  if (values == RowValues::kRead) read_packed_rows(database, part.unit, path, responses);
  return responses;
}

}  // namespace tugline
