#include "tugline/stats/anisotropy.h"

#include <algorithm>
#include <cmath>

#include "tugline/stats/intervals.h"

namespace tugline {

Anisotropy anisotropy(std::span<const double> responses) {
  Anisotropy found;
  if (responses.size() < 2) return found;
  const auto [low, high] = std::minmax_element(responses.begin(), responses.end());
  if (*low > 0) found.max_over_min = *high / *low;
  const MeanEstimate mean = mean_of_independent(responses);
  if (mean.mean != 0) {
    const double deviation = *mean.standard_error * std::sqrt(static_cast<double>(responses.size()));
    found.coefficient_of_variation = deviation / mean.mean;
  }
  return found;
}

}  // namespace tugline
