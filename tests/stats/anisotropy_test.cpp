#include "tugline/stats/anisotropy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace tugline {
namespace {

TEST(Anisotropy, ByHand) {
  // Mean 4, squares 9 + 1 + 1 + 9 = 20, s = sqrt(20 / 3).
  const std::vector<double> values{1, 3, 5, 7};
  const Anisotropy found = anisotropy(values);
  EXPECT_EQ(found.max_over_min, 7.0);
  EXPECT_NEAR(found.coefficient_of_variation.value(), std::sqrt(20.0 / 3) / 4, 1e-15);
}

TEST(Anisotropy, WhatCannotBeSaidIsAbsent) {
  const std::vector<double> one{1};
  EXPECT_FALSE(anisotropy(one).max_over_min || anisotropy(one).coefficient_of_variation);
  const std::vector<double> zeros{0, 0};
  EXPECT_FALSE(anisotropy(zeros).max_over_min || anisotropy(zeros).coefficient_of_variation);
  const std::vector<double> some{0, 2};
  EXPECT_FALSE(anisotropy(some).max_over_min);
  EXPECT_NEAR(anisotropy(some).coefficient_of_variation.value(), std::sqrt(2), 1e-15);
}

}  // namespace
}  // namespace tugline
