// An analysis as tables of named columns: what the store keeps, `analyze --json` prints and figures read. Names of tables
// (store/analysis_names.h) and columns are a contract (docs/formats.md).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tugline/stats/analysis.h"
#include "tugline/store/analysis_names.h"
#include "tugline/store/result_table.h"

namespace tugline {

// `facts`: settings besides the analysis' own, such as the dataset's name and hash.
[[nodiscard]] std::vector<ResultTable> analysis_tables(const Analysis& analysis,
                                                       const std::map<std::string, Cell>& facts);

// One JSON object: the settings by name, and each other table as a list of objects.
[[nodiscard]] std::string analysis_json(const std::vector<ResultTable>& tables);

// Place of a column; Error kInput where a stored table lacks it.
[[nodiscard]] size_t column_of(const ResultTable& table, const std::string& column);

}  // namespace tugline
