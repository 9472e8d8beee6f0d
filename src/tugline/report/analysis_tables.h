// Turns an analysis into tables of named columns, which the store keeps, `analyze --json` prints and figures
// read. The names of tables (store/analysis_names.h) and columns are a contract (docs/formats.md).
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tugline/stats/analysis.h"
#include "tugline/store/analysis_names.h"
#include "tugline/store/result_table.h"

namespace tugline {

// The columns of table::kSpans before those of the dataset's metrics, which have one column each. In all
// tables "kl" has the name of the analysis' measure.
inline constexpr std::array<std::string_view, 16> kSpanColumns{"example",
                                                               "span_kind",
                                                               "chunk",
                                                               "layer",
                                                               "span_begin",
                                                               "span_end",
                                                               "kl",
                                                               "a",
                                                               "abs_a",
                                                               "b",
                                                               "threshold_epsilon",
                                                               "threshold_place",
                                                               "plateau_width",
                                                               "plateau_place",
                                                               "max_over_min",
                                                               "coefficient_of_variation"};

// `facts`: settings in addition to the analysis' own, such as the dataset's name and hash.
[[nodiscard]] std::vector<ResultTable> analysis_tables(const Analysis& analysis,
                                                       const std::map<std::string, Cell>& facts);

// One JSON object: the settings by name, and each other table as a list of objects.
[[nodiscard]] std::string analysis_json(const std::vector<ResultTable>& tables);

// One table as JSON: a list of objects; the settings as one object.
[[nodiscard]] std::string table_json(const ResultTable& table);

// The index of a column. Throws Error (kInput) if a stored table lacks it.
[[nodiscard]] size_t column_of(const ResultTable& table, const std::string& column);

// The index of a metric's column in table::kSpans. Throws Error (kUsage), which lists the metrics, if there
// is none of that name.
[[nodiscard]] size_t metric_column_of(const ResultTable& spans, const std::string& metric);

}  // namespace tugline
