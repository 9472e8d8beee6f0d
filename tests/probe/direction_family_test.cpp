// Families of directions and the residuals that interpolations go to, on statistics written by hand: the same
// numbers in every version.
#include "tugline/probe/direction_family.h"

#include <gtest/gtest.h>

#include <set>

namespace tugline::test {
namespace {

const DirectionKey kKey{
    .seed = 42, .example_hash = 7, .span = {5, 9}, .layer = {3}, .direction = 1, .epsilon = 0};

ResidualStatistics statistics() {
  ResidualStatistics residuals;
  residuals.mean = {0, 0, 0, 0};
  residuals.variance = {1, 4, 9, 0.25};
  residuals.components = {{0.6, 0.8, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}};
  residuals.component_variances = {4, 1, 0.01};
  residuals.factor_rank = 2;
  residuals.sample = {{7, 4, {1, 0, 0, 0}}, {7, 6, {0, 2, 0, 0}}, {8, 4, {0, 0, 3, 1}}};
  return residuals;
}

// Runs are compared across versions and machines, and grow: these numbers must never change.
TEST(DirectionFamilies, AreTheSameInEveryVersion) {
  const ResidualStatistics residuals = statistics();
  const auto expect = [&](DirectionFamily family, const std::vector<double>& kept) {
    const std::vector<double> found = family_direction(family, kKey, 4, &residuals);
    ASSERT_EQ(found.size(), kept.size());
    for (size_t i = 0; i < kept.size(); ++i) EXPECT_NEAR(found[i], kept[i], 1e-15) << name_of(family);
  };
  expect(DirectionFamily::kMeanCentred,
         {0.57919147956602046, -0.7397936953042783, 0.30871518639335827, -0.14811297065510035});
  expect(DirectionFamily::kCovarianceDiagonal,
         {0.15189807221375004, 0.89173372000261342, -0.35216413369539379, 0.24024648011286151});
  expect(DirectionFamily::kCovariance, {-0.45563033154217858, -0.60750710872290492, -0.65064284659857841, 0});
  expect(DirectionFamily::kDifference, {0.44721359549995793, -0.89442719099991586, 0, 0});
  expect(DirectionFamily::kPrincipal, residuals.components[1]);
}

// Only the pushed residual itself is left out: neither other tokens of its example, nor the tokens of other
// examples at the same position.
TEST(AnotherResidual, IsAnyOther) {
  const ResidualStatistics residuals = statistics();
  std::set<std::pair<uint64_t, int64_t>> taken;
  DirectionKey key = kKey;
  for (key.direction = 0; key.direction < 32; ++key.direction) {
    const RealResidual& other = another_residual(key, 4, {1, 1e-9, 0, 0}, residuals);
    taken.emplace(other.example_hash, other.position);
  }
  EXPECT_EQ(taken, (std::set<std::pair<uint64_t, int64_t>>{{7, 6}, {8, 4}}));
}

// A residual with the same values is no other, as in the common beginning of two transcripts.
TEST(AnotherResidual, IsNotTheSameElsewhere) {
  const ResidualStatistics residuals = statistics();
  DirectionKey key = kKey;
  for (key.direction = 0; key.direction < 32; ++key.direction)
    EXPECT_NE(another_residual(key, 1, {0, 2, 0, 0}, residuals).values, residuals.sample[1].values);
}

TEST(AnotherResidual, IsTheSameInEveryVersion) {
  const ResidualStatistics residuals = statistics();
  std::vector<int64_t> places;
  DirectionKey key = kKey;
  for (key.direction = 0; key.direction < 6; ++key.direction)
    places.push_back(&another_residual(key, 1, {}, residuals) - residuals.sample.data());
  EXPECT_EQ(places, (std::vector<int64_t>{0, 1, 1, 2, 1, 2}));
}

}  // namespace
}  // namespace tugline::test
