#include "tugline/stats/quantile.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/statistics_fixture.h"

namespace tugline {
namespace {

TEST(Quantile, AreNumpys) {
  for (const auto& row : statistics_fixture()["sample_quantiles"]) {
    const auto found =
        quantiles(row["values"].get<std::vector<double>>(), row["probabilities"].get<std::vector<double>>());
    for (size_t i = 0; i < found.size(); ++i) {
      const double expected = row["quantiles"][i];
      EXPECT_NEAR(found[i], expected, 1e-14 * std::abs(expected));
    }
  }
}

TEST(Quantile, InfinitiesStayInOrder) {
  const std::vector<double> probabilities{0, 0.25, 0.5, 1};
  const auto found = quantiles({INFINITY, 1, 0, INFINITY, 2}, probabilities);
  EXPECT_EQ(found, (std::vector<double>{0, 1, 2, INFINITY}));
  EXPECT_EQ(median({1, INFINITY}), INFINITY);
  EXPECT_EQ(median({3, 1, 2}), 2);
}

}  // namespace
}  // namespace tugline
