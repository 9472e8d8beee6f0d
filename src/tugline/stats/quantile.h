// Quantiles and medians of samples. Pure functions; thread-safe. docs/statistics.md.
#pragma once

#include <span>
#include <vector>

namespace tugline {

// Quantiles of a sample by linear interpolation of its order statistics: with x_(0) <= ... <= x_(n-1) and
// h = (n - 1) p, x_(floor h) + (h - floor h) (x_(floor h + 1) - x_(floor h)). Definition 7 of Hyndman & Fan
// (The American Statistician 50, 1996), NumPy's default. One result for each probability in [0, 1]. n >= 1.
// Infinite values are kept in order; between a finite and an infinite one the result is the infinite one.
[[nodiscard]] std::vector<double> quantiles(std::vector<double> sample,
                                            std::span<const double> probabilities);

[[nodiscard]] double median(std::vector<double> sample);

}  // namespace tugline
