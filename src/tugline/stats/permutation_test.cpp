#include "tugline/stats/permutation_test.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cmath>
#include <numeric>

#include "tugline/core/parallel_for.h"
#include "tugline/stats/correlation.h"
#include "tugline/stats/resampling.h"

namespace tugline {
namespace {

struct Block {  // values [begin, end) of one example
  size_t begin = 0;
  size_t end = 0;
};

std::vector<Block> blocks_of(std::span<const int64_t> examples) {
  std::vector<Block> blocks;
  for (size_t i = 0; i < examples.size(); ++i) {
    if (i == 0 || examples[i] != examples[i - 1]) blocks.push_back({.begin = i, .end = i});
    blocks.back().end = i + 1;
  }
  return blocks;
}

// Fisher and Yates, within each block.
void shuffle_within(std::span<const Block> blocks, PhiloxSequence random, std::vector<double>& values) {
  for (const Block& block : blocks) {
    for (size_t left = block.end - block.begin; left > 1; --left) {
      std::swap(values[block.begin + left - 1],
                values[block.begin + random.below(static_cast<uint32_t>(left))]);
    }
  }
}

double dot(std::span<const double> x, std::span<const double> y) {
  return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
}

}  // namespace

std::optional<double> permutation_p_value(std::span<const double> x, std::span<const double> y,
                                          std::span<const int64_t> examples,
                                          const PermutationOptions& options, std::string_view purpose) {
  assert(x.size() == y.size() && x.size() == examples.size());
  const auto u = standardised(x);
  const auto v = standardised(y);
  const std::vector<Block> blocks = blocks_of(examples);
  if (!u || !v || blocks.size() == x.size()) return std::nullopt;
  // A permutation that gives the observed arrangement again sums in another order: equal up to rounding is as
  // large.
  constexpr double kRounding = 1e-12;
  const double observed = std::abs(dot(*u, *v)) - kRounding;
  std::atomic<int64_t> as_large = 0;
  parallel_for_with(
      options.permutations, [&] { return *v; },
      [&](std::vector<double>& shuffled, int64_t permutation) {
        shuffled = *v;
        shuffle_within(blocks, resampling_numbers(options.seed, purpose, permutation), shuffled);
        if (std::abs(dot(*u, shuffled)) >= observed) as_large.fetch_add(1, std::memory_order_relaxed);
      });
  return static_cast<double>(1 + as_large) / static_cast<double>(1 + options.permutations);
}

std::vector<double> benjamini_hochberg(std::span<const double> p_values) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> adjusted(p_values.size());
  double smallest = 1;
  for (size_t place = order.size(); place > 0; --place) {
    const double p = p_values[order[place - 1]];
    smallest = std::min(smallest, p * static_cast<double>(order.size()) / static_cast<double>(place));
    adjusted[order[place - 1]] = smallest;
  }
  return adjusted;
}

}  // namespace tugline
