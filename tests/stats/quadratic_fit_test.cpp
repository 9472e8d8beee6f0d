#include "tugline/stats/quadratic_fit.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/statistics_fixture.h"

namespace tugline {
namespace {

TEST(QuadraticFit, IsNumpysLeastSquares) {
  for (const auto& row : statistics_fixture()["quadratic_fits"]) {
    const QuadraticFitter fitter(row["epsilons"].get<std::vector<double>>(), row["largest"].get<double>());
    const Quadratic fit = fitter.fit(row["responses"].get<std::vector<double>>());
    // Two solvers of a well-conditioned system: rounding only.
    EXPECT_NEAR(fit.a, row["a"].get<double>(), 1e-12);
    EXPECT_NEAR(fit.b, row["b"].get<double>(), 1e-12);
  }
}

TEST(QuadraticFit, GivesBackAQuadraticAndIgnoresWhatIsBeyond) {
  const std::vector<double> epsilons{0, 0.5, 1, 1.5, 2, 10};
  std::vector<double> responses;
  for (const double e : epsilons) responses.push_back(0.25 * e * e - 0.125 * e);
  responses.back() = 1e6;
  const QuadraticFitter fitter(epsilons, 2);
  EXPECT_EQ(fitter.points(), 4);
  const Quadratic fit = fitter.fit(responses);
  EXPECT_NEAR(fit.a, 0.25, 1e-14);
  EXPECT_NEAR(fit.b, -0.125, 1e-14);
  EXPECT_NEAR(fit.at(3), 0.25 * 9 - 0.125 * 3, 1e-13);
}

TEST(QuadraticFit, ChoosesItsRange) {
  const std::vector<double> wide{0, 1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(QuadraticFitter(wide).largest(), 3) << "the third smallest";
  std::vector<double> fine;
  for (int i = 0; i <= 20; ++i) fine.push_back(i / 2.0);
  EXPECT_EQ(QuadraticFitter(fine).largest(), 2.5) << "a quarter of the largest";
  EXPECT_EQ(QuadraticFitter(fine).points(), 5);
  const std::vector<double> both{-4, -2, -1, 0, 1, 2, 4};
  EXPECT_EQ(QuadraticFitter(both).largest(), 4);
  EXPECT_EQ(QuadraticFitter(both).points(), 6);
  const std::vector<double> one{0, 1};
  EXPECT_FALSE(QuadraticFitter(one).is_determined());
  const std::vector<double> none{0};
  EXPECT_EQ(QuadraticFitter(none).largest(), 0);
  EXPECT_FALSE(QuadraticFitter(none).is_determined());
}

}  // namespace
}  // namespace tugline
