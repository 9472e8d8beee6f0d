// Rows of cells as columns.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tugline/run.h"
#include "tugline/store/result_table.h"

namespace tugline {

// Takes a table row by row. A column holds texts if a cell does, else numbers if one is not whole, else whole numbers.
class TableBuilder {
 public:
  TableBuilder(std::string name, std::vector<std::string> columns);
  void add(std::span<const Cell> cells);  // one a column
  [[nodiscard]] Table finish();

 private:
  Table table_;
};

[[nodiscard]] Table table_of(const ResultTable& rows);

}  // namespace tugline
