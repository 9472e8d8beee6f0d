#include "tugline/stats/correlation.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

namespace tugline {

std::vector<double> average_ranks(std::span<const double> values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double rank = (static_cast<double>(begin + 1) + static_cast<double>(end)) / 2;
    for (; begin < end; ++begin) ranks[order[begin]] = rank;
  }
  return ranks;
}

std::optional<std::vector<double>> standardised(std::span<const double> values) {
  if (values.size() < 2) return std::nullopt;
  // Equal values must not become rounding noise of their mean.
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  if (*low == *high) return std::nullopt;
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  std::vector<double> residuals(values.size());
  double squares = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    residuals[i] = values[i] - mean;
    squares += residuals[i] * residuals[i];
  }
  for (double& residual : residuals) residual /= std::sqrt(squares);
  return residuals;
}

std::optional<double> pearson(std::span<const double> x, std::span<const double> y) {
  assert(x.size() == y.size());
  const auto u = standardised(x);
  const auto v = standardised(y);
  if (!u || !v) return std::nullopt;
  return std::clamp(std::inner_product(u->begin(), u->end(), v->begin(), 0.0), -1.0, 1.0);
}

std::optional<double> spearman(std::span<const double> x, std::span<const double> y) {
  return pearson(average_ranks(x), average_ranks(y));
}

}  // namespace tugline
