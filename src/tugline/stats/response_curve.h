// A response between measured epsilons. It is a power of eps times a smooth function of eps, which is what is
// interpolated, so that small epsilons are as well known as large ones. docs/statistics.md.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "tugline/stats/response_measure.h"

namespace tugline {

// The largest relative error of one f32 KL against independent float64 computations (docs/method.md). It is
// part of each interpolation error, because leaving out an epsilon does not show it.
inline constexpr double kResponseRounding = 1e-5;

// How a response grows from 0, and the coefficient that is interpolated.
enum class CurveForm {
  kSquare,    // eps^2 times a positive function, as KL: log(response / eps^2)
  kAbsolute,  // |eps| times a positive function, as total variation: log(response / |eps|)
  kSigned,    // eps times a function of either sign, as a change of entropy: response / eps
};

// The form of a measure's curves. No value for one whose rows are 0 or 1, as flips are: it jumps.
[[nodiscard]] std::optional<CurveForm> curve_form_of(const ResponseMeasure& measure);

class ResponseCurve {
 public:
  // `epsilons`: ascending, distinct. `responses`: one for each. An epsilon of 0 is not used, because the
  // response there is always 0; nor, except of kSigned, is one whose response is not positive. `rounding`:
  // the relative error of a response.
  ResponseCurve(std::span<const double> epsilons, std::span<const double> responses,
                CurveForm form = CurveForm::kSquare, double rounding = kResponseRounding);

  // The number of epsilons that are used. The functions below need at least one.
  [[nodiscard]] size_t points() const { return epsilons_.size(); }
  [[nodiscard]] std::span<const double> epsilons() const { return epsilons_; }
  // The coefficient at each of them.
  [[nodiscard]] std::span<const double> coefficients() const { return coefficients_; }

  [[nodiscard]] double at(double epsilon) const;
  // The form's coefficient, also at 0.
  [[nodiscard]] double coefficient(double epsilon) const;
  // An estimate of the error of at: 3.2 times the largest change of the coefficient if one of the four
  // nearest epsilons is left out, plus the rounding. No value if there are fewer than three epsilons, because
  // two cannot say how they are connected.
  [[nodiscard]] std::optional<double> error(double epsilon) const;

  // The limit of response / (epsilon^2 / 2) for epsilon to 0. For kSquare only.
  [[nodiscard]] double curvature() const;
  // d log(response) / d log(epsilon), 2 near 0. For kSquare only.
  [[nodiscard]] double slope(double epsilon) const;
  // The error relative to the response, and of a coefficient that is a logarithm. Not of kSigned.
  [[nodiscard]] std::optional<double> relative_error(double epsilon) const;

 private:
  void interpolate();
  [[nodiscard]] ResponseCurve without(size_t point) const;
  // 3.2 times the largest change of the coefficient; 0 at a measured epsilon.
  [[nodiscard]] std::optional<double> change(double epsilon) const;

  CurveForm form_;
  double rounding_;
  std::vector<double> epsilons_;  // not 0
  std::vector<double> coefficients_;
  struct Interpolant;
  std::shared_ptr<const Interpolant> interpolant_;  // empty if there are no points
};

}  // namespace tugline
