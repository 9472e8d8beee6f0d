#include "tugline/stats/response_curve.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace tugline {
namespace {

// A KL with a known curvature, which leaves its quadratic: 2 nats per eps^2 / 2 at 0, and a cubic term.
double smooth(double e) { return e * e * std::exp(0.05 * e - 0.01 * e * e); }

std::vector<double> responses(const std::vector<double>& epsilons, double (*of)(double)) {
  std::vector<double> values;
  for (const double e : epsilons) values.push_back(of(e));
  return values;
}

TEST(ResponseCurve, IsTheMeasuredResponseAtAMeasuredEpsilon) {
  const std::vector<double> epsilons{-2, 0, 1, 3, 4, 7};
  const ResponseCurve curve(epsilons, responses(epsilons, smooth));
  EXPECT_EQ(curve.points(), 5U) << "0 says nothing";
  for (const double e : {-2.0, 1.0, 7.0}) EXPECT_NEAR(curve.at(e) / smooth(e), 1, 1e-15);
  EXPECT_EQ(curve.relative_error(3), kResponseRounding);
  EXPECT_EQ(curve.at(0), 0);
}

// log(KL / eps^2) is a quadratic here, which the interpolant reproduces wherever it has four points.
TEST(ResponseCurve, AQuadraticLogarithmIsReproduced) {
  const std::vector<double> epsilons{1, 2, 4, 5, 8, 10};
  const ResponseCurve curve(epsilons, responses(epsilons, smooth));
  for (double e = 0.25; e <= 10; e += 0.25) EXPECT_NEAR(curve.at(e) / smooth(e), 1, 1e-12) << e;
  EXPECT_NEAR(curve.curvature(), 2, 1e-11);
  EXPECT_NEAR(curve.slope(3), 2 + 3 * (0.05 - 0.06), 1e-10);
  EXPECT_NEAR(*curve.relative_error(3), kResponseRounding, 1e-12) << "nothing changes if a point is left out";
}

// A power other than 2 between the points: the error must be seen.
TEST(ResponseCurve, TheErrorIsAtLeastWhatItSays) {
  const auto saturating = [](double e) { return std::log1p(0.3 * e * e); };
  for (const std::vector<double>& epsilons : {std::vector<double>{0.25, 1, 4},
                                              {0.5, 1, 2, 4, 8},
                                              {1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
                                              {-4, -2, -1, 1, 2, 4}}) {
    const ResponseCurve curve(epsilons, responses(epsilons, saturating));
    for (double e = 0.3; e < epsilons.back(); e += 0.37)
      EXPECT_LT(std::abs(curve.at(e) / saturating(e) - 1), *curve.relative_error(e)) << e;
  }
}

// A change of entropy: of either sign, linear at 0, and 0 between two epsilons.
double signed_change(double e) { return e * (1 - 0.3 * e + 0.01 * e * e); }

TEST(ResponseCurve, ASignedCurveIsInterpolatedThroughItsZero) {
  const std::vector<double> epsilons{-3, -1, 0, 1, 2, 4, 7};
  const ResponseCurve curve(epsilons, responses(epsilons, signed_change), CurveForm::kSigned);
  EXPECT_EQ(curve.points(), 6U);
  EXPECT_EQ(curve.at(0), 0);
  for (double e = -3; e <= 7; e += 0.125) EXPECT_NEAR(curve.at(e), signed_change(e), 1e-12) << e;
  EXPECT_NEAR(curve.coefficient(0), 1, 1e-12) << "the slope at 0";
  const double largest = std::abs(signed_change(-3) / -3);
  EXPECT_NEAR(*curve.error(3.5), 3.5 * kResponseRounding * largest, 1e-11) << "also near the zero";
  const ResponseCurve zeros(std::vector<double>{1, 2, 3}, std::vector<double>{0, 0, 0}, CurveForm::kSigned);
  EXPECT_EQ(zeros.at(1.5), 0);
  EXPECT_EQ(*zeros.error(1.5), 0);
}

// A total variation: |eps| on both sides of 0, and saturating.
TEST(ResponseCurve, AnAbsoluteCurveHasItsKinkAtZero) {
  const auto variation = [](double e) { return std::abs(e) / (3 + std::abs(1 + e / 20) * e * e / 30); };
  const std::vector<double> epsilons{-8, -5, -2, -1, 0, 1, 2, 3, 5, 8};
  std::vector<double> values;
  for (const double e : epsilons) values.push_back(variation(e));
  const ResponseCurve curve(epsilons, values, CurveForm::kAbsolute, 1e-4);
  EXPECT_EQ(curve.at(0), 0);
  for (double e = -8; e <= 8; e += 0.37) {
    EXPECT_LE(std::abs(curve.at(e) - variation(e)), *curve.error(e)) << e;
    EXPECT_LT(std::abs(curve.at(e) / variation(e) - 1), 2e-2) << e;
  }
  EXPECT_NEAR(*curve.error(2), 1e-4 * variation(2), 1e-12) << "measured: only rounding";
}

// Flips are 0 or 1; the others are a power of epsilon times a smooth function.
TEST(ResponseCurve, AllMeasuresButFlipsHaveAForm) {
  const auto form = [](const char* name) { return curve_form_of(response_measure_named(name)); };
  for (const char* name : {"kl", "kl_reverse", "js", "kl_own_row", "kl_after", "kl_sum"})
    EXPECT_EQ(form(name), CurveForm::kSquare) << name;
  EXPECT_EQ(form("total_variation"), CurveForm::kAbsolute);
  for (const char* name : {"delta_logprob", "entropy_change", "answer_change"})
    EXPECT_EQ(form(name), CurveForm::kSigned) << name;
  EXPECT_FALSE(form("top1_flips"));
}

TEST(ResponseCurve, OnePointIsAQuadraticWithoutAnError) {
  const std::vector<double> epsilons{0, 2};
  const ResponseCurve curve(epsilons, std::vector<double>{0, 8});
  EXPECT_NEAR(curve.at(1), 2, 1e-15);
  EXPECT_NEAR(curve.curvature(), 4, 1e-15);
  EXPECT_FALSE(curve.relative_error(1));
  EXPECT_FALSE(ResponseCurve(std::vector<double>{1, 2}, std::vector<double>{1, 3}).relative_error(1.5));
}

TEST(ResponseCurve, AFlatCurveHasNoPoints) {
  EXPECT_EQ(ResponseCurve(std::vector<double>{0, 1, 2}, std::vector<double>{0, 0, 0}).points(), 0U);
}

}  // namespace
}  // namespace tugline
