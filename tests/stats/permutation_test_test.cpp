#include "tugline/stats/permutation_test.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>

#include "support/statistics_fixture.h"
#include "tugline/core/philox.h"

namespace tugline {
namespace {

TEST(PermutationTest, ApproachesTheExactPValue) {
  constexpr int64_t kPermutations = 20'000;
  for (const auto& row : statistics_fixture()["permutations"]) {
    const auto found = permutation_p_value(
        row["x"].get<std::vector<double>>(), row["y"].get<std::vector<double>>(),
        row["examples"].get<std::vector<int64_t>>(), {.permutations = kPermutations, .seed = 3}, "test");
    const double p = row["p_value"];
    // Four standard deviations of a binomial share, and the 1 that is added.
    EXPECT_NEAR(found.value(), p, 4 * std::sqrt(p * (1 - p) / kPermutations) + 1.0 / kPermutations);
  }
}

TEST(PermutationTest, NeedsSomethingToPermute) {
  const std::vector<double> x{1, 2, 3};
  const std::vector<double> y{1, 3, 2};
  const std::vector<double> constant{1, 1, 1};
  const std::vector<int64_t> apart{0, 1, 2};
  const std::vector<int64_t> together{0, 0, 0};
  EXPECT_FALSE(permutation_p_value(x, y, apart, {}, "test"));
  EXPECT_FALSE(permutation_p_value(x, constant, together, {}, "test"));
  EXPECT_TRUE(permutation_p_value(x, y, together, {}, "test"));
}

TEST(PermutationTest, IsNeverZeroAndKeepsWithinExamples) {
  // The correlation is all between the examples: no permutation within them changes it much.
  std::vector<double> x(40);
  fill_normals({.key = 5, .stream = 0}, x);
  std::vector<double> y(40);
  fill_normals({.key = 5, .stream = 1}, y);
  std::vector<int64_t> examples;
  for (size_t i = 0; i < x.size(); ++i) {
    examples.push_back(i < 20 ? 0 : 1);
    x[i] += i < 20 ? 0 : 100;
    y[i] += i < 20 ? 0 : 100;
  }
  EXPECT_GT(permutation_p_value(x, y, examples, {.permutations = 999}, "test").value(), 0.05);
  EXPECT_EQ(permutation_p_value(x, x, examples, {.permutations = 999}, "test").value(), 0.001);
}

TEST(PermutationTest, TheThreadsChangeNothing) {
  const std::vector<double> x{1, 5, 2, 8, 3, 9, 4};
  const std::vector<double> y{2, 3, 1, 7, 9, 4, 5};
  const std::vector<int64_t> examples{0, 0, 0, 1, 1, 1, 1};
  const auto with_threads = [&](int threads) {
    const int before = omp_get_max_threads();
    omp_set_num_threads(threads);
    const auto p = permutation_p_value(x, y, examples, {.permutations = 1000}, "test");
    omp_set_num_threads(before);
    return p;
  };
  EXPECT_EQ(with_threads(1), with_threads(3));
}

TEST(BenjaminiHochberg, IsScipys) {
  for (const auto& row : statistics_fixture()["adjusted"]) {
    const auto found = benjamini_hochberg(row["p_values"].get<std::vector<double>>());
    for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], row["q_values"][i].get<double>(), 1e-15);
  }
  EXPECT_TRUE(benjamini_hochberg({}).empty());
}

}  // namespace
}  // namespace tugline
