// Random directions are functions of their key alone, uniform on the sphere; supplied ones become unit
// vectors or are refused.
#include "tugline/probe/direction.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "support/expect_error.h"

namespace tugline {
namespace {

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

const DirectionKey kKey{
    .seed = 42, .example_hash = 7, .span = {5, 9}, .layer = {3}, .direction = 1, .epsilon = 0};

// The sum of n squares is within n roundings of 1.
TEST(IsotropicDirection, HasUnitLength) {
  for (const int64_t size : {1, 2, 24, 576, 1536}) {
    const auto direction = isotropic_direction(kKey, size);
    ASSERT_EQ(direction.size(), static_cast<size_t>(size));
    EXPECT_NEAR(dot(direction, direction), 1, static_cast<double>(size + 4) * 0x1p-52);
  }
}

TEST(IsotropicDirection, SameKeyGivesTheSameBits) {
  EXPECT_EQ(isotropic_direction(kKey, 576), isotropic_direction(kKey, 576));
}

// Random unit vectors of 576 components are nearly orthogonal: their product has a standard deviation of
// 1/24.
TEST(IsotropicDirection, EveryPartOfTheKeyCounts) {
  std::vector<DirectionKey> others(7, kKey);
  others[0].seed = 43;
  others[1].example_hash = 8;
  others[2].span.begin = 4;
  others[3].span.end = 10;
  others[4].layer = {4};
  others[5].direction = 2;
  others[6].epsilon = 1;
  const auto first = isotropic_direction(kKey, 576);
  for (const DirectionKey& key : others)
    EXPECT_LT(std::abs(dot(first, isotropic_direction(key, 576))), 6.0 / 24);
}

// Each component of 20,000 directions averages 0 and its square 1 / n, to five standard errors. The fixed key
// makes that one draw.
TEST(IsotropicDirection, IsUniformOnTheSphere) {
  constexpr int64_t kSize = 8;
  constexpr int kCount = 20'000;
  std::vector<double> mean(kSize);
  std::vector<double> square(kSize);
  DirectionKey key = kKey;
  for (key.direction = 0; key.direction < kCount; ++key.direction) {
    const auto direction = isotropic_direction(key, kSize);
    for (size_t i = 0; i < kSize; ++i) {
      mean[i] += direction[i] / kCount;
      square[i] += direction[i] * direction[i] / kCount;
    }
  }
  // Var(v_i) = 1/n; Var(v_i^2) = 2 (n - 1) / (n^2 (n + 2)).
  const double error = 5 / std::sqrt(kSize * static_cast<double>(kCount));
  const double square_error = 5 * std::sqrt(2.0 * (kSize - 1) / (kSize * kSize * (kSize + 2.0)) / kCount);
  for (size_t i = 0; i < kSize; ++i) {
    EXPECT_NEAR(mean[i], 0, error);
    EXPECT_NEAR(square[i], 1.0 / kSize, square_error);
  }
}

// Runs are compared across versions and machines: these numbers must never change.
TEST(IsotropicDirection, IsTheSameInEveryVersion) {
  const auto direction = isotropic_direction(kKey, 4);
  const std::vector<double> kept{0.046572479318542921, 0.90445109808771529, -0.4231677617260764,
                                 -0.026986307153677072};
  for (size_t i = 0; i < kept.size(); ++i) EXPECT_NEAR(direction[i], kept[i], 1e-15);
}

TEST(UnitRows, AreScaledRowByRow) {
  const auto rows = unit_rows({.rows = 3, .columns = 2, .values = {3, 4, 0, -1e-200, -5, 0}}, 2);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_DOUBLE_EQ(rows[0][0], 0.6);
  EXPECT_DOUBLE_EQ(rows[0][1], 0.8);
  EXPECT_EQ(rows[1], (std::vector<double>{0, -1}));
  EXPECT_EQ(rows[2], (std::vector<double>{-1, 0}));
}

TEST(UnitRows, RowsOfAnySizeThatF64HoldsHaveADirection) {
  for (const double size : {1e-300, 1e-160, 1e160, 1e300}) {
    const auto rows = unit_rows({.rows = 1, .columns = 2, .values = {3 * size, 4 * size}}, 2);
    EXPECT_NEAR(rows[0][0], 0.6, 1e-15);
    EXPECT_NEAR(rows[0][1], 0.8, 1e-15);
  }
}

TEST(UnitRows, WhatHasNoDirectionIsRefused) {
  expect_error(ErrorCode::kInput, {"d.npy", "[1, 3]", "2 components"}, [] {
    (void)unit_rows({"d.npy", 1, 3, {1, 2, 3}}, 2);
  });
  expect_error(ErrorCode::kInput, {"d.npy", "row 1", "length 0"}, [] {
    (void)unit_rows({"d.npy", 2, 2, {1, 2, 0, 0}}, 2);
  });
  expect_error(ErrorCode::kInput, {"d.npy", "[2, 3]", "transposed"}, [] {
    (void)unit_rows({"d.npy", 2, 3, {1, 2, 3, 4, 5, 6}}, 2);
  });
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const double wrong : {kInfinity, std::nan("")})
    expect_error(ErrorCode::kInput, {"d.npy", "row 0", "finite"}, [&] {
      (void)unit_rows({"d.npy", 1, 2, {1, wrong}}, 2);
    });
}

}  // namespace
}  // namespace tugline
