// A table of results as plain values, which an analysis passes to the store, to JSON and to figures. Its
// maker chooses the names and columns.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace tugline {

// std::monostate means that the value is not known. A float is a row's value of a push: its text is the
// shortest that reads back to the same f32. The tables of an analysis have none.
using Cell = std::variant<std::monostate, int64_t, float, double, std::string>;

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
