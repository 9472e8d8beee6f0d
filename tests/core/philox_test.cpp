#include "tugline/core/philox.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace tugline {
namespace {

// A longer draw begins with the shorter one: element i does not depend on how many are asked for.
TEST(Philox, PrefixDoesNotDependOnLength) {
  std::vector<double> all(11);
  std::vector<double> some(7);
  fill_normals({42, 7}, all);
  fill_normals({42, 7}, some);
  for (size_t i = 0; i < some.size(); ++i) EXPECT_EQ(some[i], all[i]);
}

TEST(Philox, StreamsAndKeysDiffer) {
  std::vector<double> a(4);
  std::vector<double> b(4);
  std::vector<double> c(4);
  fill_normals({42, 7}, a);
  fill_normals({42, 8}, b);
  fill_normals({43, 7}, c);
  EXPECT_NE(a, b);
  EXPECT_NE(a, c);
}

// Moments of n normals: mean has standard error 1/sqrt(n), the variance sqrt(2/n), the fourth moment sqrt(96/n).
// Five standard errors: a right generator fails one run in a million, and this run is seeded.
TEST(Philox, NormalMoments) {
  constexpr size_t kCount = 200'000;
  std::vector<double> x(kCount);
  fill_normals({1, 2}, x);
  double m1 = 0, m2 = 0, m4 = 0;
  for (double v : x) {
    m1 += v;
    m2 += v * v;
    m4 += v * v * v * v;
  }
  const double n = kCount;
  EXPECT_NEAR(m1 / n, 0.0, 5 / std::sqrt(n));
  EXPECT_NEAR(m2 / n, 1.0, 5 * std::sqrt(2 / n));
  EXPECT_NEAR(m4 / n, 3.0, 5 * std::sqrt(96 / n));
}

TEST(Philox, UniformsStayInsideTheOpenInterval) {
  std::vector<double> x(10'000);
  fill_uniforms({3, 4}, x);
  for (double v : x) {
    EXPECT_GT(v, 0.0);
    EXPECT_LT(v, 1.0);
  }
}

}  // namespace
}  // namespace tugline
