#include "tugline/stats/response_curve.h"

#include <algorithm>
#include <boost/math/interpolators/barycentric_rational.hpp>
#include <cassert>
#include <cmath>
#include <numeric>

// Boost has had it in this namespace from 1.77 on, and in boost::math before.
namespace boost::math::interpolators {}

namespace tugline {
namespace {

namespace boost_math {
using namespace boost::math;
using namespace boost::math::interpolators;
using Barycentric = barycentric_rational<double>;
}  // namespace boost_math

constexpr size_t kOrder = 3;    // of the local polynomials
constexpr size_t kNearest = 4;  // the points of one such polynomial
// The change by a left-out point may be small by chance. On SmolLM2's curves of KL, with 3 to 20 epsilons, no
// error was more than 3.2 times it.
constexpr double kSafety = 3.2;

// What the coefficient, or its exponential, is multiplied by.
double scale_of(CurveForm form, double epsilon) {
  switch (form) {
    case CurveForm::kSquare:
      return epsilon * epsilon;
    case CurveForm::kAbsolute:
      return std::abs(epsilon);
    case CurveForm::kSigned:
      return epsilon;
  }
  return 1;
}

}  // namespace

// Floater and Hormann (2007): rational, without poles, exact for cubics.
struct ResponseCurve::Interpolant {
  boost_math::Barycentric coefficient;
};

std::optional<CurveForm> curve_form_of(const ResponseMeasure& measure) {
  if (kMeasures[measure.measure].type == RowType::kFlag) return std::nullopt;
  if (measure.is_quadratic) return CurveForm::kSquare;
  return measure.is_divergence ? CurveForm::kAbsolute : CurveForm::kSigned;
}

ResponseCurve::ResponseCurve(std::span<const double> epsilons, std::span<const double> responses,
                             CurveForm form, double rounding)
    : form_(form), rounding_(rounding) {
  assert(epsilons.size() == responses.size());
  for (size_t i = 0; i < epsilons.size(); ++i) {
    if (epsilons[i] == 0 || (form != CurveForm::kSigned && !(responses[i] > 0))) continue;
    const double quotient = responses[i] / scale_of(form, epsilons[i]);
    epsilons_.push_back(epsilons[i]);
    coefficients_.push_back(form == CurveForm::kSigned ? quotient : std::log(quotient));
  }
  interpolate();
}

void ResponseCurve::interpolate() {
  if (points() == 0) return;
  interpolant_ = std::make_shared<Interpolant>(
      Interpolant{{epsilons_.data(), coefficients_.data(), points(), std::min(kOrder, points() - 1)}});
}

double ResponseCurve::coefficient(double epsilon) const { return interpolant_->coefficient(epsilon); }

double ResponseCurve::at(double epsilon) const {
  const double found = coefficient(epsilon);
  return scale_of(form_, epsilon) * (form_ == CurveForm::kSigned ? found : std::exp(found));
}

double ResponseCurve::curvature() const { return 2 * std::exp(coefficient(0)); }

double ResponseCurve::slope(double epsilon) const {
  return 2 + epsilon * interpolant_->coefficient.prime(epsilon);
}

ResponseCurve ResponseCurve::without(size_t point) const {
  ResponseCurve rest = *this;
  rest.epsilons_.erase(rest.epsilons_.begin() + static_cast<std::ptrdiff_t>(point));
  rest.coefficients_.erase(rest.coefficients_.begin() + static_cast<std::ptrdiff_t>(point));
  rest.interpolate();
  return rest;
}

std::optional<double> ResponseCurve::change(double epsilon) const {
  if (points() < 3) return std::nullopt;
  std::vector<size_t> near(points());
  std::iota(near.begin(), near.end(), size_t{0});
  std::stable_sort(near.begin(), near.end(), [&](size_t a, size_t b) {
    return std::abs(epsilons_[a] - epsilon) < std::abs(epsilons_[b] - epsilon);
  });
  if (epsilons_[near[0]] == epsilon) return 0;
  near.resize(std::min(kNearest, near.size()));
  const double whole = coefficient(epsilon);
  double change = 0;
  for (const size_t point : near)
    change = std::max(change, std::abs(without(point).coefficient(epsilon) - whole));
  return kSafety * change;
}

std::optional<double> ResponseCurve::relative_error(double epsilon) const {
  assert(form_ != CurveForm::kSigned);
  const std::optional<double> found = change(epsilon);
  if (!found) return std::nullopt;
  return std::expm1(*found) + rounding_;
}

std::optional<double> ResponseCurve::error(double epsilon) const {
  if (form_ != CurveForm::kSigned) {
    const std::optional<double> relative = relative_error(epsilon);
    return relative ? std::optional(*relative * at(epsilon)) : std::nullopt;
  }
  const std::optional<double> found = change(epsilon);
  if (!found) return std::nullopt;
  // The sum of a response's rows may cancel, its rounding does not: it is taken from the largest coefficient.
  double largest = 0;
  for (const double coefficient : coefficients_) largest = std::max(largest, std::abs(coefficient));
  return std::abs(epsilon) * (*found + rounding_ * largest);
}

}  // namespace tugline
