#include "tugline/report/stored_analysis.h"

#include <algorithm>

#include "tugline/core/error.h"
#include "tugline/report/analysis_tables.h"

namespace tugline {
namespace {

ResultTable kept_table(const RunStore& store, const std::string& name) {
  std::optional<ResultTable> table = store.analysis_table(name);
  if (!table) {
    fail(ErrorCode::kUsage,
         "{0}: holds no analysis; run `tugline analyze {0}` first, with the dataset for its metrics",
         store.path().string());
  }
  return std::move(*table);
}

const Cell& setting(const RunStore& store, const ResultTable& settings, const std::string& name) {
  for (const auto& row : settings.rows) {
    if (std::get<std::string>(row.at(0)) == name) return row.at(1);
  }
  fail(ErrorCode::kInput, "{0}: its analysis lacks the setting {1}; run `tugline analyze {0}` again",
       store.path().string(), name);
}

}  // namespace

ResultTable stored_table(const RunStore& store, const std::string& name) {
  const ResultTable settings = kept_table(store, table::kSettings);
  const auto units = static_cast<double>(store.unit_keys().size());
  const std::optional<double> analysed = number_of(setting(store, settings, "units"));
  if (analysed != units) {
    fail(ErrorCode::kConflict,
         "{0}: its analysis is of {1} units, and it holds {2} now; run `tugline analyze {0}` again",
         store.path().string(), analysed.value_or(0), units);
  }
  return kept_table(store, name);
}

double number_setting(const RunStore& store, const std::string& name) {
  const ResultTable settings = stored_table(store, table::kSettings);
  const std::optional<double> value = number_of(setting(store, settings, name));
  if (!value) {
    fail(ErrorCode::kInput, "{0}: setting {1} of its analysis is no number; run `tugline analyze {0}` again",
         store.path().string(), name);
  }
  return *value;
}

std::string text_setting(const RunStore& store, const std::string& name) {
  const ResultTable settings = stored_table(store, table::kSettings);
  const Cell& cell = setting(store, settings, name);
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  fail(ErrorCode::kInput, "{0}: setting {1} of its analysis is no text; run `tugline analyze {0}` again",
       store.path().string(), name);
}

std::vector<std::vector<Cell>> rows_of(const ResultTable& table, const std::string& span_kind,
                                       int32_t layer) {
  const size_t kind = column_of(table, "span_kind");
  const size_t place = column_of(table, "layer");
  std::vector<std::vector<Cell>> rows;
  std::copy_if(table.rows.begin(), table.rows.end(), std::back_inserter(rows),
               [&](const std::vector<Cell>& row) {
                 return row[kind] == Cell(span_kind) && row[place] == Cell(int64_t{layer});
               });
  return rows;
}

std::optional<double> number_of(const Cell& cell) {
  if (const auto* value = std::get_if<double>(&cell)) return *value;
  if (const auto* value = std::get_if<int64_t>(&cell)) return static_cast<double>(*value);
  return std::nullopt;
}

}  // namespace tugline
