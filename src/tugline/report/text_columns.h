// Lays out cells of text in columns.
#pragma once

#include <string>
#include <vector>

namespace tugline {

// One line a row, columns as wide as their widest cell: the first is left-aligned, the others right-aligned.
// Each row has as many cells.
[[nodiscard]] std::string aligned_columns(const std::vector<std::vector<std::string>>& rows);

}  // namespace tugline
