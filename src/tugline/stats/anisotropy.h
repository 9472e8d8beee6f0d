// How unequal the directions of one site are. docs/statistics.md.
#pragma once

#include <optional>
#include <span>

namespace tugline {

struct Anisotropy {
  std::optional<double> max_over_min = {};              // absent where the smallest response is not above 0
  std::optional<double> coefficient_of_variation = {};  // s / mean, s with n - 1; absent where the mean is 0
};

// Of the responses to the directions at one site and epsilon. Absent throughout for fewer than two.
[[nodiscard]] Anisotropy anisotropy(std::span<const double> responses);

}  // namespace tugline
