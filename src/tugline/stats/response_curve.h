// A response between measured epsilons. KL and its like are eps^2 times a smooth positive function g, so log
// g is interpolated, and the result is quadratic near 0. docs/statistics.md.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace tugline {

// The largest relative error of one f32 response against independent float64 computations (docs/method.md).
// It is part of each interpolation error, because leaving out an epsilon does not show it.
inline constexpr double kResponseRounding = 1e-5;

class ResponseCurve {
 public:
  // `epsilons`: ascending, distinct. `responses`: one for each. An epsilon of 0 is not used, because the
  // response there is always 0; nor is one whose response is not positive.
  ResponseCurve(std::span<const double> epsilons, std::span<const double> responses);

  // The number of epsilons that are used. The functions below need at least one.
  [[nodiscard]] size_t points() const { return epsilons_.size(); }
  [[nodiscard]] std::span<const double> epsilons() const { return epsilons_; }
  // log(response / epsilon^2) at each of them.
  [[nodiscard]] std::span<const double> logs() const { return logs_; }

  [[nodiscard]] double at(double epsilon) const;
  // The limit of response / (epsilon^2 / 2) for epsilon to 0.
  [[nodiscard]] double curvature() const;
  // log(response / epsilon^2), also at 0.
  [[nodiscard]] double log_coefficient(double epsilon) const;
  // d log(response) / d log(epsilon): 2 near 0.
  [[nodiscard]] double slope(double epsilon) const;
  // An estimate of the error of log_coefficient, and of the relative error of at: 3.2 times the largest
  // change if one of the four nearest epsilons is left out, plus kResponseRounding. No value if there are
  // fewer than three epsilons, because two cannot say how they are connected.
  [[nodiscard]] std::optional<double> relative_error(double epsilon) const;

 private:
  void interpolate();
  [[nodiscard]] ResponseCurve without(size_t point) const;

  std::vector<double> epsilons_;  // not 0
  std::vector<double> logs_;      // log(response / epsilon^2)
  struct Interpolant;
  std::shared_ptr<const Interpolant> interpolant_;  // empty if there are no points
};

}  // namespace tugline
