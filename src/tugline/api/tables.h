// Turns rows of cells into columns.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tugline/run.h"
#include "tugline/store/result_table.h"

namespace tugline {

// Receives a table row by row. A column has texts if one cell is a text, else numbers if one is not whole,
// else whole numbers.
class TableBuilder {
 public:
  TableBuilder(std::string name, std::vector<std::string> columns);
  void add(std::span<const Cell> cells);  // one for each column
  [[nodiscard]] Table finish();

 private:
  Table table_;
};

[[nodiscard]] Table table_of(const ResultTable& rows);

}  // namespace tugline
