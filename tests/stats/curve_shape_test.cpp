#include "tugline/stats/curve_shape.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace tugline {
namespace {

using Place = Crossing::Place;

const std::vector<double> kEpsilons{-1, 0, 1, 2, 4, 8};

std::vector<double> responses(double (*of)(double)) {
  std::vector<double> values;
  for (const double e : kEpsilons) values.push_back(of(e));
  return values;
}

TEST(CurveShape, APowerLawIsCrossedWhereItSays) {
  // 0.01 e^2 = 0.1 at sqrt(10), between 2 and 4; 0.001 e^3 at 100^(1/3) = 4.64...
  const Crossing quadratic =
      threshold_crossing(kEpsilons, responses([](double e) { return 0.01 * e * e; }), 0.1);
  EXPECT_EQ(quadratic.place, Place::kWithin);
  EXPECT_NEAR(quadratic.epsilon, std::sqrt(10), 1e-14);
  const Crossing cubic =
      threshold_crossing(kEpsilons, responses([](double e) { return 0.001 * std::abs(e * e * e); }), 0.1);
  EXPECT_NEAR(cubic.epsilon, std::cbrt(100), 1e-14);
}

TEST(CurveShape, SaysOnWhichSideACrossingIs) {
  const auto square = responses([](double e) { return e * e; });
  EXPECT_EQ(threshold_crossing(kEpsilons, square, 0.5).place, Place::kBefore);
  EXPECT_EQ(threshold_crossing(kEpsilons, square, 1).place, Place::kBefore);
  EXPECT_EQ(threshold_crossing(kEpsilons, square, 65).place, Place::kBeyond);
  EXPECT_EQ(threshold_crossing(kEpsilons, square, 64).value(), 8);
  EXPECT_EQ(threshold_crossing(kEpsilons, square, 0.5).on_extended_axis(), -INFINITY);
  EXPECT_EQ(threshold_crossing(kEpsilons, square, 65).on_extended_axis(), INFINITY);
  EXPECT_FALSE(threshold_crossing(kEpsilons, square, 65).value());
  const std::vector<double> negative{-2, -1, 0};
  const std::vector<double> values{4, 1, 0};
  EXPECT_EQ(threshold_crossing(negative, values, 0.5).place, Place::kBeyond);
}

TEST(CurveShape, AStepFromZeroIsCrossedAtItsTop) {
  const std::vector<double> step{0, 0, 0, 0, 1, 2};
  EXPECT_EQ(threshold_crossing(kEpsilons, step, 0.5).epsilon, 4);
}

TEST(CurveShape, APlateauEndsWhereTheDifferencePassesTheTolerance) {
  // e^2 (1 + e / 40): off by 2.5, 5, 10, 20 % at 1, 2, 4, 8. 10 % is not passed at 4 itself; the line from
  // (4, 0.1) to (8, 0.2) passes at 4. With tolerance 0.075 it is halfway from 2 to 4.
  const auto curve = responses([](double e) { return e * e * (1 + e / 40); });
  const Quadratic square{.a = 1, .b = 0};
  EXPECT_NEAR(plateau_end(kEpsilons, curve, square, 0.075).epsilon, 3, 1e-12);
  EXPECT_NEAR(plateau_end(kEpsilons, curve, square, 0.15).epsilon, 6, 1e-12);
  EXPECT_EQ(plateau_end(kEpsilons, curve, square, 0.02).place, Place::kBefore);
  EXPECT_EQ(plateau_end(kEpsilons, curve, square, 0.25).place, Place::kBeyond);
}

TEST(CurveShape, AnExactZeroNeverLeavesItsQuadratic) {
  const std::vector<double> zeros(kEpsilons.size(), 0.0);
  EXPECT_EQ(plateau_end(kEpsilons, zeros, {}, 0.1).place, Place::kBeyond);
  EXPECT_EQ(plateau_end(kEpsilons, responses([](double e) { return e > 2 ? e : 0; }), {}, 0.1).epsilon, 4);
}

}  // namespace
}  // namespace tugline
