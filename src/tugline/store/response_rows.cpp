#include "tugline/store/response_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string_view>

#include "tugline/core/error.h"
#include "tugline/store/checksums.h"
#include "tugline/store/row_hash.h"
#include "tugline/store/sql_values.h"

namespace tugline {
namespace {

constexpr const char* kErrors = "kl_standard_error";
constexpr const char* kRowErrors = "kl_rows_standard_error";

std::vector<std::string> response_columns() {
  std::vector<std::string> columns{"unit",  "direction", "epsilon",    "cosine",  "null_direction",
                                   kErrors, kRowErrors,  "kl_own_row", "kl_after"};
  for (const Measure& measure : kMeasures) {
    if (measure.has_mean()) columns.emplace_back(measure.name);
    columns.push_back(measure.rows_column());
  }
  return columns;
}

void bind_response(SQLite::Statement& insert, const ResponseRecord& response) {
  bind_value(insert, "direction", response.direction);
  bind_value(insert, "epsilon", response.epsilon);
  bind_optional(insert, "cosine", response.cosine);
  bind_value(insert, "null_direction", response.set == DirectionSet::kNull ? 1 : 0);
  for (size_t m = 0; m < kMeasures.size(); ++m) {
    const Measure& measure = kMeasures[m];
    if (measure.has_mean()) bind_optional(insert, std::string(measure.name), response.means[m]);
    if (measure.is_always_measured() || !response.rows[m].empty())
      bind_blob(insert, measure.rows_column(), blob_of(response.rows[m], measure.type));
  }
  bind_optional(insert, kErrors, response.kl_standard_error);
  if (response.kl_standard_error)
    bind_blob(insert, kRowErrors, blob_of(response.kl_rows_standard_error, RowType::kF64));
  bind_optional(insert, "kl_own_row", response.kl_own_row);
  bind_optional(insert, "kl_after", response.kl_after);
}

// How many readout rows a unit has.
size_t readout_size(SQLite::Database& database, int64_t unit) {
  SQLite::Statement count(database, "SELECT COUNT(*) FROM readout_rows WHERE unit = ?");
  count.bind(1, unit);
  count.executeStep();
  return static_cast<size_t>(count.getColumn(0).getInt64());
}

// Places among the columns of a query: looking names up for each row would take longer than reading the
// values.
struct ColumnPlaces {
  int direction, epsilon, cosine, null_direction, error, row_errors, own_row, after;
  ByMeasure<int> means, rows;  // means of measures without a mean: -1
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
                      .row_errors = at(kRowErrors),
                      .own_row = at("kl_own_row"),
                      .after = at("kl_after"),
                      .means = {},
                      .rows = {}};
  for (size_t m = 0; m < kMeasures.size(); ++m) {
    places.means[m] = kMeasures[m].has_mean() ? at(kMeasures[m].name) : -1;
    places.rows[m] = at(kMeasures[m].rows_column());
  }
  return places;
}

// Reads one unit's responses.
class ResponseReader {
 public:
  ResponseReader(SQLite::Database& database, SQLite::Statement& select, int64_t unit,
                 const std::filesystem::path& path, RowValues values)
      : places_(places_of(select)),
        unit_(unit),
        path_(path),
        values_(values),
        rows_(readout_size(database, unit)) {}

  [[nodiscard]] ResponseRecord response_of(SQLite::Statement& row) const {
    const ColumnPlaces& at = places_;
    ResponseRecord response{
        .direction = int32_of(row.getColumn(at.direction)),
        .epsilon = row.getColumn(at.epsilon).getDouble(),
        .set = row.getColumn(at.null_direction).getInt() != 0 ? DirectionSet::kNull : DirectionSet::kMain,
        .cosine = optional_double(row.getColumn(at.cosine)),
        .kl_standard_error = optional_double(row.getColumn(at.error)),
        .kl_own_row = optional_double(row.getColumn(at.own_row)),
        .kl_after = optional_double(row.getColumn(at.after))};
    for (size_t m = 0; m < kMeasures.size(); ++m)
      if (at.means[m] >= 0) response.means[m] = optional_double(row.getColumn(at.means[m]));
    if (values_ == RowValues::kRead) read_rows(row, response);
    return response;
  }

 private:
  void read_rows(SQLite::Statement& row, ResponseRecord& response) const {
    const ColumnPlaces& at = places_;
    for (size_t m = 0; m < kMeasures.size(); ++m)
      if (kMeasures[m].is_always_measured() || !row.getColumn(at.rows[m]).isNull())
        response.rows[m] = row_values(row, at.rows[m], kMeasures[m].type);
    if (response.kl_standard_error)
      response.kl_rows_standard_error = row_values(row, at.row_errors, RowType::kF64);
  }

  // One value for each of the unit's readout rows.
  [[nodiscard]] std::vector<double> row_values(SQLite::Statement& row, int column, RowType type) const {
    const SQLite::Column blob = row.getColumn(column);
    const auto bytes = static_cast<size_t>(blob.getBytes());
    const auto each = static_cast<size_t>(number_bytes(type));
    const bool is_list = type == RowType::kTokens;
    if (is_list ? rows_ == 0 || bytes % (2 * each * rows_) != 0 : bytes != rows_ * each) {
      fail(ErrorCode::kInput,
           "{}: responses.{} of unit {} has {} bytes, expected {}{}: {} for each of {} rows", path_.string(),
           blob.getName(), unit_, bytes, is_list ? "a multiple of " : "", rows_ * each, each, rows_);
    }
    return values_of(blob, type);
  }

  ColumnPlaces places_;
  int64_t unit_;
  const std::filesystem::path& path_;
  RowValues values_;
  size_t rows_;
};

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
    bind_blob(insert, "piece", piece);
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

std::vector<ResponseRecord> read_responses(SQLite::Database& database, int64_t unit,
                                           const std::filesystem::path& path, RowValues values) {
  // Lists of a damaged store may be of any length, so that they are read only after the check.
  if (values == RowValues::kRead) check_responses(path, database, unit);
  SQLite::Statement select(database, "SELECT * FROM responses WHERE unit = ? ORDER BY direction, epsilon");
  select.bind(1, unit);
  const ResponseReader reader(database, select, unit, path, values);
  RowHash hash(path, "responses");
  std::vector<ResponseRecord> responses;
  while (select.executeStep()) {
    if (values == RowValues::kSkip) hash.add(select);
    responses.push_back(reader.response_of(select));
  }
  if (values == RowValues::kSkip) check_responses(path, database, unit, hash.value());
  return responses;
}

}  // namespace tugline
