#include "tugline/stats/intervals.h"

#include <boost/math/distributions/students_t.hpp>
#include <cassert>
#include <cmath>
#include <vector>

namespace tugline {
namespace {

MeanEstimate with_interval(double mean, double variance_of_mean, double freedom) {
  const double standard_error = std::sqrt(variance_of_mean);
  const double reach = student_t_quantile((1 + kConfidence) / 2, freedom) * standard_error;
  return {.mean = mean,
          .standard_error = standard_error,
          .ci_low = mean - reach,
          .ci_high = mean + reach,
          .freedom = freedom};
}

}  // namespace

double student_t_quantile(double probability, double freedom) {
  // Curves ask for the same one at each of their points, and it takes 20 us.
  struct Last {
    double probability = 0;
    double freedom = 0;
    double quantile = 0;
  };
  thread_local Last last;
  if (last.probability != probability || last.freedom != freedom)
    last = {probability, freedom, boost::math::quantile(boost::math::students_t(freedom), probability)};
  return last.quantile;
}

MeanEstimate mean_of_independent(std::span<const double> values) {
  assert(!values.empty());
  const auto n = static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) {
    sum += value;
  }
  const double mean = sum / n;
  if (values.size() == 1) {
    return {.mean = mean, .standard_error = {}, .ci_low = {}, .ci_high = {}};
  }
  double squares = 0;
  for (const double value : values) {
    squares += (value - mean) * (value - mean);
  }
  return with_interval(mean, squares / (n - 1) / n, n - 1);
}

MeanEstimate mean_of_clustered(std::span<const ClusteredValue> values) {
  assert(!values.empty());
  const auto n = static_cast<double>(values.size());
  double sum = 0;
  for (const ClusteredValue& v : values) {
    sum += v.value;
  }
  const double mean = sum / n;
  double clusters = 0;
  double squares = 0;
  for (size_t i = 0; i < values.size();) {
    double residuals = 0;
    const int64_t cluster = values[i].cluster;
    for (; i < values.size() && values[i].cluster == cluster; ++i) {
      residuals += values[i].value - mean;
    }
    squares += residuals * residuals;
    clusters += 1;
  }
  assert(clusters >= 2);
  return with_interval(mean, clusters / (clusters - 1) * squares / (n * n), clusters - 1);
}

MeanEstimate mean_over_spans(std::span<const ClusteredValue> values) {
  assert(!values.empty());
  if (values.front().cluster != values.back().cluster) return mean_of_clustered(values);
  std::vector<double> plain;
  for (const ClusteredValue& v : values) plain.push_back(v.value);
  return mean_of_independent(plain);
}

std::optional<LogInterval> log_interval(const MeanEstimate& estimate) {
  if (!estimate.standard_error || estimate.mean <= 0) return std::nullopt;
  const double t = student_t_quantile((1 + kConfidence) / 2, estimate.freedom);
  const double factor = std::exp(t * *estimate.standard_error / estimate.mean);
  return LogInterval{.low = estimate.mean / factor, .high = estimate.mean * factor};
}

std::optional<double> p_value_of_zero(const MeanEstimate& estimate) {
  if (estimate.standard_error.value_or(0) == 0) return std::nullopt;
  const boost::math::students_t distribution(estimate.freedom);
  const double t = std::abs(estimate.mean / *estimate.standard_error);
  return 2 * boost::math::cdf(boost::math::complement(distribution, t));
}

}  // namespace tugline
