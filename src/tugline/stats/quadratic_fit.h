// The fit of a eps^2 + b eps to the small-epsilon end of a response curve. Near 0 the KL of a smooth model is
// quadratic in the push, so a is a span's sensitivity, and b, the linear part, should be small.
// docs/statistics.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tugline {

struct Quadratic {
  double a = 0;  // nats per epsilon^2
  double b = 0;  // nats per epsilon
  [[nodiscard]] double at(double epsilon) const { return (a * epsilon + b) * epsilon; }
};

// Least squares on the relative scale: minimises the sum over the range of ((y - a eps^2 - b eps) / eps^2)^2,
// because a response's spread grows as the response does, with eps^2. Linear in y: the fit of a mean is the
// mean of the fits.
class QuadraticFitter {
 public:
  // `epsilons`: ascending. The range is 0 < |eps| <= `largest`. The default of `largest` is the third
  // smallest |eps| or a quarter of the largest |eps|, whichever is larger.
  QuadraticFitter(std::span<const double> epsilons, std::optional<double> largest = std::nullopt);

  [[nodiscard]] double largest() const { return largest_; }  // the range's end; 0 if there is none
  [[nodiscard]] int64_t points() const { return points_; }   // in the range
  [[nodiscard]] bool is_determined() const { return points_ >= 2; }
  // `responses`: one for each epsilon. Requires is_determined().
  [[nodiscard]] Quadratic fit(std::span<const double> responses) const;

 private:
  double largest_ = 0;
  int64_t points_ = 0;
  std::vector<double> a_;  // one factor for each epsilon: a = sum a_[i] y[i]
  std::vector<double> b_;
};

}  // namespace tugline
