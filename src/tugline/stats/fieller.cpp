#include "tugline/stats/fieller.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

namespace tugline {
namespace {

double variance_of(const MeanEstimate& mean) {
  const double error = mean.standard_error.value_or(0);
  return error * error;
}

}  // namespace

// Between the roots of a rho^2 - 2 b rho + c.
PercentileInterval fieller_interval(const MeanEstimate& first, const MeanEstimate& second,
                                    const MeanEstimate& difference) {
  if (!difference.standard_error) return {};
  const double t = student_t_quantile((1 + kConfidence) / 2, difference.freedom);
  const double covariance = (variance_of(first) + variance_of(second) - variance_of(difference)) / 2;
  const double a = second.mean * second.mean - t * t * variance_of(second);
  const double b = first.mean * second.mean - t * t * covariance;
  const double c = first.mean * first.mean - t * t * variance_of(first);
  if (a <= 0) return {};
  const double root = std::sqrt(std::max(0.0, b * b - a * c));
  return {.low = (b - root) / a, .high = (b + root) / a};
}

PercentileInterval ratio_interval(std::span<const ClusteredValue> first,
                                  std::span<const ClusteredValue> second) {
  assert(first.size() == second.size());
  std::vector<ClusteredValue> differences;
  for (size_t i = 0; i < first.size(); ++i)
    differences.push_back({.cluster = first[i].cluster, .value = first[i].value - second[i].value});
  return fieller_interval(mean_over_spans(first), mean_over_spans(second), mean_over_spans(differences));
}

}  // namespace tugline
