#include "tugline/core/suggestion.h"

#include <algorithm>

namespace tugline {
namespace {

// The least number of edits from `a` to `b` (optimal string alignment).
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> edits(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      size_t& least = edits[i][j];
      least = std::max(i, j);  // of an empty beginning: all of the other
      if (i > 0 && j > 0)
        least = std::min(
            {edits[i - 1][j] + 1, edits[i][j - 1] + 1, edits[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        least = std::min(least, edits[i - 2][j - 2] + 1);
    }
  }
  return edits[a.size()][b.size()];
}

}  // namespace

std::string closest_name(std::string_view typed, const std::vector<std::string>& known) {
  constexpr size_t kLongest = 64;  // no name is nearly as long
  if (typed.empty() || typed.size() > kLongest) return "";
  std::string best;
  const size_t most = std::max<size_t>(1, typed.size() / 3);
  size_t fewest = most + 1;
  for (const std::string& name : known) {
    size_t edits = edit_distance(typed, name);
    if (name.starts_with(typed)) edits = std::min(edits, most);
    if (edits >= fewest) continue;
    fewest = edits;
    best = name;
  }
  return best;
}

std::string suggestion_for(std::string_view typed, const std::vector<std::string>& known) {
  const std::string best = closest_name(typed, known);
  return best.empty() ? "" : "; did you mean " + best + "?";
}

}  // namespace tugline
