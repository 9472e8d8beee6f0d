#include "tugline/store/packed_rows.h"

#include <algorithm>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "tugline/core/error.h"
#include "tugline/store/checksums.h"
#include "tugline/store/number_packing.h"
#include "tugline/store/sql_values.h"

namespace tugline {
namespace {

constexpr const char* kRowErrors = "kl_standard_error";

std::vector<const ResponseRecord*> by_push(const std::vector<ResponseRecord>& responses) {
  std::vector<const ResponseRecord*> sorted;
  for (const ResponseRecord& response : responses) sorted.push_back(&response);
  std::sort(sorted.begin(), sorted.end(), [](const ResponseRecord* a, const ResponseRecord* b) {
    return std::pair(a->direction, a->epsilon) < std::pair(b->direction, b->epsilon);
  });
  return sorted;
}

// The pushes' values one after the other. Throws std::logic_error if a push has more or fewer than the first.
template <typename ValuesOf>
std::vector<double> joined(const std::vector<const ResponseRecord*>& sorted, const ValuesOf& values_of) {
  const size_t each = values_of(*sorted.front()).size();
  std::vector<double> all;
  all.reserve(each * sorted.size());
  for (const ResponseRecord* response : sorted) {
    const std::vector<double>& values = values_of(*response);
    if (values.size() != each)
      throw std::logic_error("the pushes of a unit do not have equally many row values of a measure");
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

std::vector<std::byte> bytes_of(const SQLite::Column& blob) {
  const auto* bytes = static_cast<const std::byte*>(blob.getBlob());
  return {bytes, bytes + blob.getBytes()};
}

// One unit's rows of the table, by measure.
class PackedReader {
 public:
  PackedReader(SQLite::Database& database, int64_t unit, const std::filesystem::path& path, size_t pushes)
      : select_(database, "SELECT bits, deflated, packed FROM response_rows WHERE unit = ? AND measure = ?"),
        unit_(unit),
        path_(path),
        pushes_(pushes) {
    SQLite::Statement count(database, "SELECT COUNT(*) FROM readout_rows WHERE unit = ?");
    count.bind(1, unit);
    count.executeStep();
    rows_ = static_cast<size_t>(count.getColumn(0).getInt64());
  }

  // The numbers of all pushes; none if the unit does not have the measure.
  [[nodiscard]] std::vector<double> read(std::string_view measure, RowType type) {
    select_.bind(1, unit_);
    select_.bind(2, std::string(measure));
    std::optional<std::vector<double>> numbers = std::vector<double>();
    if (select_.executeStep())
      numbers = unpacked_numbers({.bits = select_.getColumn(0).getInt64(),
                                  .is_deflated = select_.getColumn(1).getInt() != 0,
                                  .bytes = bytes_of(select_.getColumn(2))},
                                 pushes_, rows_, type);
    if (!numbers)
      fail(
          ErrorCode::kInput,
          "{}: response_rows of unit {}, measure {} ({} bits a number, {} bytes{}) does not hold its numbers "
          "of {} rows of {} pushes; restore a copy or measure again",
          path_.string(), unit_, measure, select_.getColumn(0).getString(), select_.getColumn(2).getBytes(),
          select_.getColumn(1).getInt() != 0 ? ", deflated" : "", rows_, pushes_);
    select_.reset();
    return *std::move(numbers);
  }

 private:
  SQLite::Statement select_;
  int64_t unit_;
  const std::filesystem::path& path_;
  size_t pushes_;
  size_t rows_ = 0;
};

// The part of `all` that push `index` of `count` has.
std::vector<double> part_of(const std::vector<double>& all, size_t index, size_t count) {
  const size_t each = all.size() / count;
  const std::span<const double> part = std::span(all).subspan(index * each, each);
  return {part.begin(), part.end()};
}

}  // namespace

void insert_packed_rows(SQLite::Database& database, int64_t unit,
                        const std::vector<ResponseRecord>& responses) {
  if (responses.empty()) return;
  const std::vector<const ResponseRecord*> sorted = by_push(responses);
  SQLite::Statement insert(database,
                           insert_sql("response_rows", {"unit", "measure", "bits", "deflated", "packed"}));
  const auto put = [&](std::string_view measure, const std::vector<double>& values, RowType type) {
    bind_value(insert, "unit", unit);
    bind_value(insert, "measure", std::string(measure));
    const PackedNumbers packed = packed_numbers(values, sorted.size(), type);
    bind_value(insert, "bits", packed.bits);
    bind_value(insert, "deflated", packed.is_deflated ? 1 : 0);
    bind_blob(insert, "packed", packed.bytes);
    insert.exec();
    insert.reset();
  };
  for (size_t m = 0; m < kMeasures.size(); ++m) {
    const std::vector<double> values = joined(
        sorted, [m](const ResponseRecord& response) -> const auto& { return response.rows[m]; });
    if (kMeasures[m].is_always_measured() || !values.empty())
      put(kMeasures[m].name, values, kMeasures[m].type);
  }
  const std::vector<double> errors = joined(
      sorted, [](const ResponseRecord& response) -> const auto& { return response.kl_rows_standard_error; });
  if (responses.front().kl_standard_error) put(kRowErrors, errors, RowType::kRounded);
}

void read_packed_rows(SQLite::Database& database, int64_t unit, const std::filesystem::path& path,
                      std::vector<ResponseRecord>& responses) {
  // A damaged list may have any length, so that it is read after the check.
  check_packed_rows(path, database, unit);
  if (responses.empty()) return;
  const size_t pushes = responses.size();
  PackedReader reader(database, unit, path, pushes);
  for (size_t m = 0; m < kMeasures.size(); ++m) {
    const std::vector<double> all = reader.read(kMeasures[m].name, kMeasures[m].type);
    for (size_t i = 0; i < pushes; ++i) responses[i].rows[m] = part_of(all, i, pushes);
  }
  const std::vector<double> errors = reader.read(kRowErrors, RowType::kRounded);
  for (size_t i = 0; i < pushes; ++i) responses[i].kl_rows_standard_error = part_of(errors, i, pushes);
}

}  // namespace tugline
