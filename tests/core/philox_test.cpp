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

// Known answers of Philox 4x32-10, as its authors publish them: counter and key all zeros.
TEST(Philox, KnownAnswers) {
  const auto draw = [](PhiloxStream stream) {
    std::vector<double> uniforms(4);
    fill_uniforms(stream, uniforms);
    return uniforms;
  };
  const std::vector<uint32_t> zeros{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(draw({0, 0})[i], (zeros[i] + 0.5) * 0x1p-32);
}

// Runs are compared across versions: a stream's numbers must never change.
TEST(Philox, NormalsAreBoxMuller) {
  std::vector<double> uniforms(4);
  std::vector<double> normals(4);
  fill_uniforms({42, 7}, uniforms);
  fill_normals({42, 7}, normals);
  for (size_t i = 0; i < 4; i += 2) {
    const double radius = std::hypot(normals[i], normals[i + 1]);
    EXPECT_NEAR(std::exp(-radius * radius / 2), uniforms[i], 1e-14);
    const double turns = std::atan2(normals[i + 1], normals[i]) / 6.283185307179586;
    EXPECT_NEAR(turns < 0 ? turns + 1 : turns, uniforms[i + 1], 1e-14);
  }
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

// Moments of n normals: mean has standard error 1/sqrt(n), the variance sqrt(2/n), the fourth moment
// sqrt(96/n). Five standard errors: a right generator fails one run in a million, and this run is seeded.
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

// A sequence hands out the words that the uniforms are made of, one after another.
TEST(Philox, SequenceWalksTheStream) {
  std::vector<double> uniforms(10);
  fill_uniforms({42, 7}, uniforms);
  PhiloxSequence sequence({42, 7});
  for (const double u : uniforms) EXPECT_EQ(sequence.below(1000), static_cast<uint32_t>(u * 1000));
}

TEST(Philox, SequenceIsUniformBelowItsBound) {
  constexpr uint32_t kBound = 7;
  constexpr int kCount = 70'000;
  std::vector<int> counts(kBound);
  PhiloxSequence sequence({1, 1});
  for (int i = 0; i < kCount; ++i) ++counts.at(sequence.below(kBound));
  // Five standard deviations of a binomial count.
  const double deviation = std::sqrt(kCount / 7.0 * (6.0 / 7));
  for (const int count : counts) EXPECT_NEAR(count, kCount / 7.0, 5 * deviation);
  EXPECT_EQ(sequence.below(1), 0U);
}

}  // namespace
}  // namespace tugline
