#include "tugline/stats/correlation.h"

#include <gtest/gtest.h>

#include "support/statistics_fixture.h"

namespace tugline {
namespace {

TEST(Correlation, AreScipys) {
  for (const auto& row : statistics_fixture()["correlations"]) {
    const auto x = row["x"].get<std::vector<double>>();
    const auto y = row["y"].get<std::vector<double>>();
    EXPECT_EQ(average_ranks(x), row["ranks_x"].get<std::vector<double>>());
    EXPECT_NEAR(pearson(x, y).value(), row["pearson"].get<double>(), 1e-14);
    EXPECT_NEAR(spearman(x, y).value(), row["spearman"].get<double>(), 1e-14);
  }
}

TEST(Correlation, OfALineIsOneAndOfAConstantAbsent) {
  const std::vector<double> x{0.1, 0.2, 0.7};
  const std::vector<double> line{-1, -2, -7};
  EXPECT_NEAR(pearson(x, line).value(), -1, 1e-15);
  EXPECT_NEAR(spearman(x, line).value(), -1, 1e-15);
  const std::vector<double> constant{0.1, 0.1, 0.1};  // whose mean is not 0.1 to the last bit
  EXPECT_FALSE(pearson(x, constant) || spearman(constant, x));
  EXPECT_FALSE(pearson(std::vector<double>{1}, std::vector<double>{2}));
  EXPECT_FALSE(pearson({}, {}));
}

}  // namespace
}  // namespace tugline
