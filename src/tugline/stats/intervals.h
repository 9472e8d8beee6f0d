// Means with their uncertainty: standard errors of independent and of
// clustered values, and Student's t intervals. Pure functions;
// thread-safe. docs/statistics.md has the formulas and their sources.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace tugline {

inline constexpr double kConfidence = 0.95;

// A mean. It has no standard error and interval if there are too few values.
struct MeanEstimate {
  double mean = 0;
  std::optional<double> standard_error = {};
  std::optional<double> ci_low = {};  // of the two-sided interval that holds the mean with kConfidence
  std::optional<double> ci_high = {};
  double freedom = 0;  // degrees of freedom of the standard error; 0 without one
};

struct ClusteredValue {
  int64_t cluster = 0;  // values of one cluster may depend on each other, values of different ones do not
  double value = 0;
};

// q such that P(T <= q) = probability, T Student-distributed with `freedom` > 0 degrees of freedom.
[[nodiscard]] double student_t_quantile(double probability, double freedom);

// Independent values x_1 .. x_n, n >= 1: standard error s / sqrt(n) with s^2 = sum (x_i - mean)^2 / (n - 1);
// interval with n - 1 degrees of freedom. Values are summed in the order given.
[[nodiscard]] MeanEstimate mean_of_independent(std::span<const double> values);

// The mean of N values in G >= 2 clusters, each value weighing the same, with the cluster-robust variance
//   G / (G - 1) * sum_g (sum of the residuals of cluster g)^2 / N^2
// (Liang & Zeger, Biometrika 73, 1986; the correction and the G - 1 degrees of freedom: Cameron & Miller, J.
// Human Resources 50, 2015). With one value a cluster it is the formula above. `values` must be sorted by
// cluster.
[[nodiscard]] MeanEstimate mean_of_clustered(std::span<const ClusteredValue> values);

// The mean of spans' values, sorted by cluster: the clustered mean if there are two clusters or more, else
// the independent one.
[[nodiscard]] MeanEstimate mean_over_spans(std::span<const ClusteredValue> values);

// Two-sided p-value of the hypothesis that the true mean is 0, by Student's t with the estimate's freedom. No
// value if there is no standard error, or it is 0.
[[nodiscard]] std::optional<double> p_value_of_zero(const MeanEstimate& estimate);

// The interval of a positive mean by its logarithm: mean * exp(-+ t * standard_error / mean), by the delta
// method. It is never below 0. No value if the mean is not positive or has no standard error.
struct LogInterval {
  double low = 0;
  double high = 0;
};
[[nodiscard]] std::optional<LogInterval> log_interval(const MeanEstimate& estimate);

}  // namespace tugline
