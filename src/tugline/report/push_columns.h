// The columns of the tables `responses` and `rows`: the facts of a push, and every measure of
// core/measures.h. Their order is a contract (docs/formats.md): columns keep their places, and new measures
// come last.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tugline/store/records.h"
#include "tugline/store/result_table.h"

namespace tugline {

// The push, and in `rows` the readout row, of one row of the tables.
struct PushRow {
  const UnitRecord& unit;
  const ResponseRecord& response;
  size_t row = 0;                                          // of the readout; in `rows` only
  const std::map<int32_t, std::string>* pieces = nullptr;  // of tokens; in `rows` only
};

struct PushColumn {
  std::string name;
  std::function<Cell(const PushRow&)> cell;
};

[[nodiscard]] const std::vector<PushColumn>& response_columns();
[[nodiscard]] const std::vector<PushColumn>& row_columns();

[[nodiscard]] std::vector<Cell> cells_of(const std::vector<PushColumn>& columns, const PushRow& row);
[[nodiscard]] std::span<const std::string_view> names_of_response_columns();
[[nodiscard]] std::span<const std::string_view> names_of_row_columns();

}  // namespace tugline
