#include "tugline/report/text_columns.h"

#include <fmt/format.h>

#include <algorithm>

namespace tugline {

std::string aligned_columns(const std::vector<std::vector<std::string>>& rows, std::vector<bool> is_left) {
  if (rows.empty()) return "";
  if (is_left.empty()) {
    is_left.resize(rows.front().size(), false);
    is_left[0] = true;
  }
  std::vector<size_t> widths(rows.front().size(), 0);
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i)
      line += is_left[i] ? fmt::format("  {:<{}}", row[i], widths[i])
                         : fmt::format("  {:>{}}", row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace tugline
