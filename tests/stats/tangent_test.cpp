#include "tugline/stats/tangent.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace tugline {
namespace {

// v'Fv of a random unit vector, F diagonal.
double curvature(const std::vector<double>& eigenvalues, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  double sum = 0;
  double length = 0;
  for (const double eigenvalue : eigenvalues) {
    const double z = normal(random);
    sum += eigenvalue * z * z;
    length += z * z;
  }
  return sum / length;
}

std::vector<SpanCurvatures> drawn(const std::vector<double>& eigenvalues, int64_t spans, int directions) {
  std::mt19937_64 random(7);
  std::vector<SpanCurvatures> found;
  for (int64_t span = 0; span < spans; ++span) {
    found.push_back({.example = span / 2});
    for (int i = 0; i < directions; ++i) found.back().values.push_back(curvature(eigenvalues, random));
  }
  return found;
}

double rank_of(const std::vector<double>& eigenvalues) {
  double trace = 0;
  double square = 0;
  for (const double eigenvalue : eigenvalues) {
    trace += eigenvalue;
    square += eigenvalue * eigenvalue;
  }
  return trace * trace / square;
}

// The estimates of both traces are unbiased for any number of directions, so that many spans of few
// directions give the rank.
TEST(EffectiveRank, IsThatOfTheMatrix) {
  for (const std::vector<double>& eigenvalues : {std::vector<double>(12, 3.0),
                                                 {5, 1, 1, 0, 0, 0, 0, 0, 0, 0},
                                                 {1, 0, 0, 0, 0, 0},
                                                 {9, 4, 2, 1, 1, 1, 0.5}}) {
    const double rank = rank_of(eigenvalues);
    for (const int directions : {2, 5}) {
      const EffectiveRank found =
          effective_rank(drawn(eigenvalues, 6000, directions), static_cast<int64_t>(eigenvalues.size()));
      // 6000 spans of two directions: the spread of s^2 leaves about 3 % of a rank of 1, where it is largest.
      EXPECT_NEAR(*found.rank / rank, 1, 0.1) << rank << " " << directions;
      EXPECT_LE(*found.low, rank * (1 + 1e-9));
      EXPECT_GE(*found.high, rank * (1 - 1e-9));
    }
  }
}

TEST(EffectiveRank, OfOneSpanHasAnIntervalOverDirections) {
  const std::vector<double> eigenvalues{9, 4, 2, 1, 1, 1, 0.5};
  const EffectiveRank many = effective_rank(drawn(eigenvalues, 1, 2000), 7);
  EXPECT_NEAR(*many.rank, rank_of(eigenvalues), 0.4);
  EXPECT_LT(*many.low, rank_of(eigenvalues));
  EXPECT_GT(*many.high, rank_of(eigenvalues));
  EXPECT_LT(*many.high - *many.low, 1);
  const EffectiveRank two = effective_rank(drawn(eigenvalues, 1, 2), 7);
  EXPECT_FALSE(two.low) << "two directions do not say how sure their spread is";
}

// KL = eps^2 exp(-eps / 10): v'Fv = 2, the quadratic reaches 1 at 1, the curve later; 5 % off at -10 log
// 0.95.
TEST(Tangent, IsTheLimitAndWhatItPredicts) {
  const std::vector<double> epsilons{-kTangentEpsilon, kTangentEpsilon, 0.5, 1, 2, 3};
  std::vector<double> kl;
  for (const double e : epsilons) kl.push_back(e * e * std::exp(-e / 10));
  const ResponseCurve curve(epsilons, kl);
  const Dose dose = dose_of(curve, 1, DoseSide::kPositive);
  const Tangent tangent = tangent_of(curve, 1, DoseSide::kPositive, dose);
  EXPECT_NEAR(tangent.curvature, 2, *tangent.curvature_error);
  EXPECT_LT(*tangent.curvature_error, 1e-4);
  EXPECT_NEAR(tangent.predicted, 1, 1e-4);
  EXPECT_NEAR(*tangent.measured_over_predicted, dose.epsilon, 1e-4);
  EXPECT_NEAR(tangent.radius.epsilon, -10 * std::log(0.95), 1e-6);
  EXPECT_TRUE(has_tangent(epsilons));
  EXPECT_FALSE(has_tangent(std::vector<double>{0, 0.25}));
  EXPECT_FALSE(has_side(epsilons, DoseSide::kNegative)) << "a tiny push is no side";
}

}  // namespace
}  // namespace tugline
