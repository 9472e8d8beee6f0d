// The epsilon that a result about one epsilon is about, unless another is asked for.
#pragma once

#include <algorithm>
#include <cmath>
#include <ranges>
#include <utility>

namespace tugline {

// The one of the largest size, and of two opposite ones the positive. `epsilons`: in any order, not empty.
template <std::ranges::forward_range Epsilons>
[[nodiscard]] double largest_epsilon(const Epsilons& epsilons) {
  return *std::ranges::max_element(epsilons, {},
                                   [](double epsilon) { return std::pair(std::abs(epsilon), epsilon); });
}

}  // namespace tugline
