// A table of results as plain values: what an analysis hands to the store, to JSON and to figures. Names and columns are
// its maker's; nothing here knows what they mean.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace tugline {

// std::monostate: not known.
using Cell = std::variant<std::monostate, int64_t, double, std::string>;

[[nodiscard]] inline Cell cell_of(const std::optional<double>& value) {
  if (value) return *value;
  return std::monostate{};
}

struct ResultTable {
  std::string name = {};                     // letters, digits and '_', as the columns' names are
  std::vector<std::string> columns = {};     // distinct
  std::vector<std::vector<Cell>> rows = {};  // one cell a column
  bool operator==(const ResultTable&) const = default;
};

}  // namespace tugline
