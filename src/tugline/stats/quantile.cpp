#include "tugline/stats/quantile.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

namespace tugline {
namespace {

double between(double low, double high, double fraction) {
  if (fraction == 0 || low == high) return low;
  if (std::isinf(low) || std::isinf(high)) return std::isinf(high) ? high : low;
  return low + fraction * (high - low);
}

}  // namespace

std::vector<double> quantiles(std::vector<double> sample, std::span<const double> probabilities) {
  assert(!sample.empty());
  std::sort(sample.begin(), sample.end());
  std::vector<double> found;
  for (const double probability : probabilities) {
    const double place = probability * static_cast<double>(sample.size() - 1);
    const auto below = static_cast<size_t>(place);
    const size_t above = std::min(below + 1, sample.size() - 1);
    found.push_back(between(sample[below], sample[above], place - static_cast<double>(below)));
  }
  return found;
}

double median(std::vector<double> sample) {
  constexpr std::array<double, 1> kHalf{0.5};
  return quantiles(std::move(sample), kHalf).front();
}

}  // namespace tugline
