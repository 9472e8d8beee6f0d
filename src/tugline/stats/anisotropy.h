// Measures how much the responses at one site depend on the direction. docs/statistics.md.
#pragma once

#include <optional>
#include <span>

namespace tugline {

struct Anisotropy {
  std::optional<double> max_over_min = {};              // absent if the smallest response is not above 0
  std::optional<double> coefficient_of_variation = {};  // s / mean, s with n - 1; absent if the mean is 0
};

// `responses`: one for each direction, at one site and epsilon. Both values are absent if there are fewer
// than two.
[[nodiscard]] Anisotropy anisotropy(std::span<const double> responses);

}  // namespace tugline
