// p-values by permutation within examples, and their adjustment for multiple tests. docs/statistics.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace tugline {

struct PermutationOptions {
  int64_t permutations = 10'000;
  uint64_t seed = 42;
};

// Two-sided p-value of the correlation of x and y when y is permuted among the values of each example:
//   p = (1 + number of permutations with |r| at least as large as the observed) / (1 + permutations)
// (Phipson & Smyth, Statistical applications in genetics and molecular biology 9, 2010). No value if there is
// no correlation, or if no example has two values to permute. For Spearman's correlation, pass ranks.
// `examples`: each value's example, sorted. Permutation m draws from its own Philox stream, keyed by (seed,
// purpose, m).
[[nodiscard]] std::optional<double> permutation_p_value(std::span<const double> x, std::span<const double> y,
                                                        std::span<const int64_t> examples,
                                                        const PermutationOptions& options,
                                                        std::string_view purpose);

// Benjamini & Hochberg's adjusted p-values (Journal of the Royal Statistical Society B 57, 1995): in
// ascending order q_(i) = min over k >= i of p_(k) m / k, at most 1. In the order given.
[[nodiscard]] std::vector<double> benjamini_hochberg(std::span<const double> p_values);

}  // namespace tugline
