#include "tugline/api/responses.h"

#include <fmt/ranges.h>

#include <limits>
#include <utility>

#include "tugline/core/error.h"
#include "tugline/report/row_writer.h"

namespace tugline {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// A measure that only a push as a whole has.
struct PushColumn {
  const char* name;
  std::optional<double> ResponseRecord::*value;
};
const PushColumn kPushColumns[] = {{"kl_own_row", &ResponseRecord::kl_own_row},
                                   {"kl_after", &ResponseRecord::kl_after},
                                   {"cosine", &ResponseRecord::cosine}};

PushedLayer layer_of(const UnitRecord& unit) {
  PushedLayer layer{.layer = unit.key.layer,
                    .position = unit.measured.position,
                    .rms = unit.measured.rms,
                    .is_sink = unit.sink,
                    .note = unit.measured.note,
                    .seconds = unit.measured.seconds,
                    .audited = unit.audit.pushes,
                    .audit_disagreement = unit.audit.disagreements[kKl]};
  for (size_t m = 0; m < kMeasures.size(); ++m)
    if (const auto& found = unit.audit.disagreements[m])
      layer.audit_disagreements[std::string(kMeasures[m].name)] = *found;
  return layer;
}

// A row's value; NaN where the row has none.
double row_value(size_t m, const UnitMeasurement& unit, const ResponseRecord& response, size_t row) {
  const Measure& measure = kMeasures[m];
  if (measure.rows == RowsWithValue::kWithNextToken && unit.row_tokens[row] < 0) return kNone;
  return shortest_double(response.rows[m][row]);
}

// The measures of the table that have a mean and that were asked for.
void add_measure(size_t m, Responses::Columns& columns) {
  if (!kMeasures[m].has_mean()) return;
  const std::string name(kMeasures[m].name);
  std::vector<double> values;
  std::vector<double> means;
  for (const UnitRecord& unit : columns.units) {
    for (const ResponseRecord& response : unit.measured.responses) {
      if (response.rows[m].empty() && !unit.measured.rows.empty()) return;
      means.push_back(response.means[m].value_or(kNone));
      for (size_t row = 0; row < unit.measured.rows.size(); ++row)
        values.push_back(row_value(m, unit.measured, response, row));
    }
  }
  columns.values[name] = std::move(values);
  columns.means[name] = std::move(means);
  columns.measures.push_back(name);
  columns.push_measures.push_back(name);
}

void add_standard_errors(Responses::Columns& columns) {
  constexpr const char* kName = "kl_standard_error";
  for (const UnitRecord& unit : columns.units) {
    for (const ResponseRecord& response : unit.measured.responses) {
      columns.means[kName].push_back(response.kl_standard_error.value_or(kNone));
      for (size_t row = 0; row < unit.measured.rows.size(); ++row)
        columns.values[kName].push_back(response.kl_standard_error ? response.kl_rows_standard_error[row]
                                                                   : kNone);
    }
  }
  columns.measures.emplace_back(kName);
  columns.push_measures.emplace_back(kName);
}

std::span<const double> column_named(const NamedColumns& columns, std::string_view name,
                                     const std::vector<std::string>& names) {
  const auto found = columns.find(name);
  if (found == columns.end())
    refuse("measure", "there is no '{}'; there are {}", name, fmt::join(names, ", "));
  return found->second;
}

}  // namespace

Responses responses_of(Responses::Columns columns) {
  for (const UnitRecord& unit : columns.units) columns.layers.push_back(layer_of(unit));
  for (size_t m = 0; m < kMeasures.size(); ++m) add_measure(m, columns);
  add_standard_errors(columns);
  for (const PushColumn& column : kPushColumns) {
    std::vector<double>& values = columns.means[column.name];
    for (const UnitRecord& unit : columns.units)
      for (const ResponseRecord& response : unit.measured.responses)
        values.push_back((response.*column.value).value_or(kNone));
    columns.push_measures.emplace_back(column.name);
  }
  return Responses(std::make_shared<const Responses::Columns>(std::move(columns)));
}

const std::vector<PushedLayer>& Responses::layers() const { return columns_->layers; }
const std::vector<double>& Responses::epsilons() const { return columns_->epsilons; }
int64_t Responses::directions() const { return columns_->directions; }
int64_t Responses::null_directions() const { return columns_->null_directions; }
const std::vector<int64_t>& Responses::rows() const { return columns_->units.front().measured.rows; }
const std::vector<int32_t>& Responses::tokens() const { return columns_->units.front().measured.row_tokens; }
const std::vector<std::string>& Responses::measures() const { return columns_->measures; }
const std::vector<std::string>& Responses::push_measures() const { return columns_->push_measures; }
const std::map<std::string, std::string>& Responses::provenance() const { return columns_->provenance; }

std::span<const double> Responses::values(std::string_view measure) const {
  return column_named(columns_->values, measure, columns_->measures);
}

std::span<const double> Responses::means(std::string_view measure) const {
  return column_named(columns_->means, measure, columns_->push_measures);
}

}  // namespace tugline
