// Pearson's and Spearman's correlation. Pure functions; thread-safe. docs/statistics.md.
#pragma once

#include <optional>
#include <span>
#include <vector>

namespace tugline {

// Ranks from 1; equal values share the mean of their ranks.
[[nodiscard]] std::vector<double> average_ranks(std::span<const double> values);

// (x - mean) / sqrt(sum (x - mean)^2), so that the correlation of two samples is a dot product. No value if
// all values are equal, or there are fewer than two.
[[nodiscard]] std::optional<std::vector<double>> standardised(std::span<const double> values);

// No value if a sample is constant, or has fewer than two values. `x` and `y` have the same length.
[[nodiscard]] std::optional<double> pearson(std::span<const double> x, std::span<const double> y);
[[nodiscard]] std::optional<double> spearman(std::span<const double> x, std::span<const double> y);

}  // namespace tugline
