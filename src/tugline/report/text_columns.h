// Lays out cells of text in columns.
#pragma once

#include <string>
#include <vector>

namespace tugline {

// One line a row, with columns as wide as their widest cell. Each row has the same number of cells. `is_left`
// says which columns are left-aligned; if it is empty, only the first is.
[[nodiscard]] std::string aligned_columns(const std::vector<std::vector<std::string>>& rows,
                                          std::vector<bool> is_left = {});

}  // namespace tugline
