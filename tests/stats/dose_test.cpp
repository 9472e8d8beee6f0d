#include "tugline/stats/dose.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace tugline {
namespace {

using enum DoseSide;
using Place = Dose::Place;

// eps^2 / (1 + eps / 10) for both signs: reaches t at (t / 10 +- sqrt(t^2 / 100 + 4 t)) / 2.
double skewed(double e) { return e * e / (1 + e / 10); }
double root(double target, double sign) {
  return (target / 10 + sign * std::sqrt(target * target / 100 + 4 * target)) / 2;
}

ResponseCurve curve_of(const std::vector<double>& epsilons, double (*of)(double)) {
  std::vector<double> values;
  for (const double e : epsilons) values.push_back(of(e));
  return {epsilons, values};
}

TEST(Dose, IsFoundOnBothSides) {
  const ResponseCurve curve = curve_of({-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5}, skewed);
  for (const double target : {1.5, 4.0, 9.5}) {
    const Dose right = dose_of(curve, target, kPositive);
    EXPECT_EQ(right.place, Place::kMeasured);
    EXPECT_LT(std::abs(right.epsilon - root(target, 1)), *right.interpolation_error) << target;
    EXPECT_LT(*right.interpolation_error, 2e-3 * right.epsilon);
    const Dose left = dose_of(curve, target, kNegative);
    EXPECT_LT(std::abs(left.epsilon - root(target, -1)), *left.interpolation_error) << target;
    EXPECT_LT(left.epsilon, 0);
  }
}

TEST(Dose, BelowTheSmallestEpsilonTheCurveIsAQuadratic) {
  const ResponseCurve curve = curve_of({0, 1, 2, 3, 4}, skewed);
  for (const double target : {0.5, 1e-4, 1e-12}) {
    const Dose dose = dose_of(curve, target, kPositive);
    EXPECT_EQ(dose.place, Place::kBelow);
    EXPECT_LT(std::abs(dose.epsilon - root(target, 1)), *dose.interpolation_error) << target;
  }
}

TEST(Dose, SaysWhatTheCurveReaches) {
  const ResponseCurve curve = curve_of({-2, 1, 4}, skewed);
  const Dose right = dose_of(curve, 100, kPositive);
  EXPECT_EQ(right.place, Place::kBeyond);
  EXPECT_EQ(right.largest_epsilon, 4);
  EXPECT_NEAR(right.largest_response, skewed(4), 1e-14);
  EXPECT_EQ(dose_of(curve, 100, kNegative).largest_epsilon, -2);
  EXPECT_EQ(right.size_on_extended_axis(), INFINITY);
  const ResponseCurve flat = curve_of({0, 1, 4}, [](double) { return 0.0; });
  EXPECT_EQ(dose_of(flat, 1, kPositive).place, Place::kBeyond);
  EXPECT_EQ(dose_of(flat, 1, kPositive).largest_response, 0);
}

TEST(Dose, OfACurveThatFallsAgainIsTheFirst) {
  const ResponseCurve curve({std::vector<double>{1, 2, 3, 4}}, std::vector<double>{0.2, 1.0, 0.3, 1.1});
  const Dose dose = dose_of(curve, 0.9, kPositive);
  EXPECT_GT(dose.epsilon, 1);
  EXPECT_LT(dose.epsilon, 2);
}

TEST(Dose, AMeasuredEpsilonIsItsOwnDose) {
  const ResponseCurve curve = curve_of({1, 2, 4}, [](double e) { return e * e; });
  const Dose dose = dose_of(curve, 4, kPositive);
  EXPECT_EQ(dose.place, Place::kMeasured);
  EXPECT_NEAR(dose.epsilon, 2, 1e-12);
}

// e^2 (1 - e / 10) is off by 5 % at 0.5, and by 20 % at 2.
TEST(Dose, TheQuadraticsRadius) {
  const ResponseCurve curve =
      curve_of({0.01, 0.25, 1, 2, 3}, [](double e) { return e * e * std::exp(std::log1p(-e / 10)); });
  EXPECT_NEAR(quadratic_radius(curve, 0.05, kPositive).epsilon, 0.5, 1e-4);
  EXPECT_NEAR(quadratic_radius(curve, 0.2, kPositive).epsilon, 2, 1e-3);
  EXPECT_EQ(quadratic_radius(curve, 0.5, kPositive).place, Place::kBeyond);
  EXPECT_EQ(quadratic_radius(curve, 1e-4, kPositive).place, Place::kBelow);
}

}  // namespace
}  // namespace tugline
