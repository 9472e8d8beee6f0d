#include "tugline/api/responses.h"

#include <fmt/ranges.h>

#include <functional>
#include <limits>

#include "tugline/core/error.h"
#include "tugline/report/row_writer.h"

namespace tugline {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// A measure that has a value for each row, and its mean over the rows.
struct RowColumn {
  const char* name;
  double (*value)(const ResponseRecord& response, size_t row);
  double (*mean)(const ResponseRecord& response);
};

double of_float(const std::vector<float>& values, size_t row) { return double_of_shortest_text(values[row]); }

const RowColumn kRowColumns[] = {
    {"kl", [](const ResponseRecord& r, size_t i) { return r.kl_rows[i]; },
     [](const ResponseRecord& r) { return r.kl; }},
    {"kl_reverse", [](const ResponseRecord& r, size_t i) { return of_float(r.by_row.kl_reverse, i); },
     [](const ResponseRecord& r) { return r.kl_reverse; }},
    {"js", [](const ResponseRecord& r, size_t i) { return of_float(r.by_row.js, i); },
     [](const ResponseRecord& r) { return r.js; }},
    {"top1_flips",
     [](const ResponseRecord& r, size_t i) { return double{r.by_row.top1_flip[i] != 0 ? 1.0 : 0.0}; },
     [](const ResponseRecord& r) { return r.top1_flips; }},
    {"delta_logprob", [](const ResponseRecord& r, size_t i) { return of_float(r.by_row.delta_logprob, i); },
     [](const ResponseRecord& r) { return r.delta_logprob.value_or(kNone); }},
    {"total_variation",
     [](const ResponseRecord& r, size_t i) { return of_float(r.by_row.total_variation, i); },
     [](const ResponseRecord& r) { return r.total_variation; }},
    {"entropy_change", [](const ResponseRecord& r, size_t i) { return of_float(r.by_row.entropy_change, i); },
     [](const ResponseRecord& r) { return r.entropy_change; }},
    {"kl_standard_error",
     [](const ResponseRecord& r, size_t i) {
       return r.kl_standard_error ? r.kl_rows_standard_error[i] : kNone;
     },
     [](const ResponseRecord& r) { return r.kl_standard_error.value_or(kNone); }},
};

// A measure that only a push as a whole has.
struct PushColumn {
  const char* name;
  std::optional<double> ResponseRecord::*value;
};
const PushColumn kPushColumns[] = {{"kl_own_row", &ResponseRecord::kl_own_row},
                                   {"kl_after", &ResponseRecord::kl_after},
                                   {"cosine", &ResponseRecord::cosine}};

// A row without a next token has no delta_logprob.
bool is_missing(const char* name, const UnitRecord& unit, size_t row) {
  return std::string_view(name) == "delta_logprob" && unit.row_tokens[row] < 0;
}

PushedLayer layer_of(const UnitRecord& unit) {
  return {.layer = unit.key.layer,
          .position = unit.position,
          .rms = unit.rms,
          .is_sink = unit.sink,
          .note = unit.note,
          .seconds = unit.seconds,
          .audited = unit.audited,
          .audit_disagreement = unit.audit_disagreement};
}

void add_row_column(const RowColumn& column, Responses::Columns& columns) {
  std::vector<double>& values = columns.values[column.name];
  std::vector<double>& means = columns.means[column.name];
  for (const UnitRecord& unit : columns.units) {
    for (const ResponseRecord& response : unit.responses) {
      means.push_back(column.mean(response));
      for (size_t row = 0; row < unit.rows.size(); ++row)
        values.push_back(is_missing(column.name, unit, row) ? kNone : column.value(response, row));
    }
  }
  columns.measures.emplace_back(column.name);
  columns.push_measures.emplace_back(column.name);
}

std::span<const double> column_named(const NamedColumns& columns, std::string_view name,
                                     const std::vector<std::string>& names) {
  const auto found = columns.find(name);
  if (found == columns.end())
    fail(ErrorCode::kUsage, "there is no measure '{}'; there are {}", name, fmt::join(names, ", "));
  return found->second;
}

}  // namespace

Responses responses_of(Responses::Columns columns) {
  for (const UnitRecord& unit : columns.units) columns.layers.push_back(layer_of(unit));
  for (const RowColumn& column : kRowColumns) add_row_column(column, columns);
  for (const PushColumn& column : kPushColumns) {
    std::vector<double>& values = columns.means[column.name];
    for (const UnitRecord& unit : columns.units)
      for (const ResponseRecord& response : unit.responses)
        values.push_back((response.*column.value).value_or(kNone));
    columns.push_measures.emplace_back(column.name);
  }
  return Responses(std::make_shared<const Responses::Columns>(std::move(columns)));
}

const std::vector<PushedLayer>& Responses::layers() const { return columns_->layers; }
const std::vector<double>& Responses::epsilons() const { return columns_->epsilons; }
int64_t Responses::directions() const { return columns_->directions; }
int64_t Responses::null_directions() const { return columns_->null_directions; }
const std::vector<int64_t>& Responses::rows() const { return columns_->units.front().rows; }
const std::vector<int32_t>& Responses::tokens() const { return columns_->units.front().row_tokens; }
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
