#include "tugline/stats/dose.h"

#include <algorithm>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace tugline {
namespace {

double sign_of(DoseSide side) { return side == DoseSide::kPositive ? 1 : -1; }

// A measured point of one side.
struct SidePoint {
  double size = 0;             // |epsilon|
  double log_coefficient = 0;  // log(response / epsilon^2)
  [[nodiscard]] double log_response() const { return log_coefficient + 2 * std::log(size); }
};

// By size, ascending.
std::vector<SidePoint> points_of(const ResponseCurve& curve, DoseSide side) {
  std::vector<SidePoint> points;
  for (size_t i = 0; i < curve.points(); ++i)
    if (curve.epsilons()[i] * sign_of(side) > 0)
      points.push_back({.size = std::abs(curve.epsilons()[i]), .log_coefficient = curve.coefficients()[i]});
  if (side == DoseSide::kNegative) std::reverse(points.begin(), points.end());
  return points;
}

// The root of `excess`, which is negative at `low` and not at `high`, except for its rounding.
template <typename Excess>
double root_between(double low, double high, Excess excess) {
  const double at_high = excess(high);
  if (at_high <= 0) return high;
  constexpr int kBits = 48;  // of the root: far more than any curve is known to
  std::uintmax_t steps = 100;
  const auto [a, b] = boost::math::tools::toms748_solve(
      excess, low, high, excess(low), at_high, boost::math::tools::eps_tolerance<double>(kBits), steps);
  return a + (b - a) / 2;
}

// Walks up the side's points to the first whose excess is not negative, and finds where it becomes so between
// that and the one before. `excess` gives it anywhere; it is negative at the size `from`.
template <typename ExcessOfPoint, typename Excess>
Dose first_passage(const std::vector<SidePoint>& points, DoseSide side, double from, ExcessOfPoint excess_of,
                   Excess excess) {
  for (size_t i = 0; i < points.size(); ++i) {
    const double found = excess_of(points[i]);
    if (found < 0) continue;
    const bool is_below = i == 0 && found > 0;
    return {
        .place = is_below ? Dose::Place::kBelow : Dose::Place::kMeasured,
        .epsilon = sign_of(side) * root_between(i == 0 ? from : points[i - 1].size, points[i].size, excess)};
  }
  return {};
}

// A flatter curve has no clear crossing; the error of epsilon is then at most ten times that of the response.
constexpr double kFlattest = 0.1;

}  // namespace

bool has_side(std::span<const double> epsilons, DoseSide side) {
  return std::any_of(epsilons.begin(), epsilons.end(),
                     [side](double epsilon) { return epsilon * sign_of(side) > kLargestTangentEpsilon; });
}

double Dose::size_on_extended_axis() const {
  return place == Place::kBeyond ? std::numeric_limits<double>::infinity() : std::abs(epsilon);
}

Dose dose_without_error(const ResponseCurve& curve, double target, DoseSide side) {
  const std::vector<SidePoint> points = points_of(curve, side);
  if (points.empty()) return {};
  const double wanted = std::log(target);
  const auto excess = [&](double size) {
    return curve.coefficient(sign_of(side) * size) + 2 * std::log(size) - wanted;
  };
  // Below the smallest epsilon the response falls like epsilon^2.
  double from = points.front().size;
  while (excess(from) >= 0) from /= 2;
  Dose dose = first_passage(
      points, side, from, [wanted](const SidePoint& point) { return point.log_response() - wanted; }, excess);
  const auto largest = std::ranges::max_element(points, {}, &SidePoint::log_response);
  dose.largest_response = std::exp(largest->log_response());
  dose.largest_epsilon = sign_of(side) * largest->size;
  return dose;
}

Dose dose_of(const ResponseCurve& curve, double target, DoseSide side) {
  Dose dose = dose_without_error(curve, target, side);
  if (dose.place == Dose::Place::kBeyond) return dose;
  if (const auto error = curve.relative_error(dose.epsilon))
    dose.interpolation_error =
        std::abs(dose.epsilon) * *error / std::max(curve.slope(dose.epsilon), kFlattest);
  return dose;
}

Dose quadratic_radius(const ResponseCurve& curve, double tolerance, DoseSide side) {
  const std::vector<SidePoint> points = points_of(curve, side);
  if (points.empty()) return {};
  const double limit = curve.coefficient(0);
  const auto difference = [&](double log_coefficient) {
    return std::abs(std::expm1(log_coefficient - limit)) - tolerance;
  };
  return first_passage(
      points, side, 0, [&](const SidePoint& point) { return difference(point.log_coefficient); },
      [&](double size) { return difference(curve.coefficient(sign_of(side) * size)); });
}

}  // namespace tugline
