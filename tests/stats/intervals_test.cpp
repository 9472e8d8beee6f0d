#include "tugline/stats/intervals.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "support/statistics_fixture.h"

namespace tugline {
namespace {

// Sums of at most 56 terms in two orders: a few units in the last place, times the condition of the
// residuals.
constexpr double kRounding = 1e-13;

void expect_estimate(const MeanEstimate& found, const nlohmann::json& expected) {
  const double scale = expected["mean"].get<double>() + expected["standard_error"].get<double>();
  EXPECT_NEAR(found.mean, expected["mean"].get<double>(), kRounding * scale);
  EXPECT_NEAR(found.standard_error.value(), expected["standard_error"].get<double>(), kRounding * scale);
  // The quantile of one degree of freedom multiplies the error by 12.7.
  EXPECT_NEAR(found.ci_low.value(), expected["ci_low"].get<double>(), 100 * kRounding * scale);
  EXPECT_NEAR(found.ci_high.value(), expected["ci_high"].get<double>(), 100 * kRounding * scale);
}

TEST(Intervals, StudentQuantilesAreScipys) {
  for (const auto& row : statistics_fixture()["quantiles"]) {
    const double expected = row["quantile"].get<double>();
    EXPECT_NEAR(student_t_quantile(row["probability"], row["freedom"]), expected,
                1e-12 * (1 + std::abs(expected)));
  }
}

TEST(Intervals, StudentQuantilesWithClosedForms) {
  // One degree of freedom is the Cauchy distribution: tan(pi (p - 1/2)). Two: (2p - 1) sqrt(2 / (4 p (1 -
  // p))).
  for (const double p : {0.6, 0.9, 0.975}) {
    EXPECT_NEAR(student_t_quantile(p, 1), std::tan(std::numbers::pi * (p - 0.5)), 1e-12);
    EXPECT_NEAR(student_t_quantile(p, 2), (2 * p - 1) * std::sqrt(2 / (4 * p * (1 - p))), 1e-12);
  }
}

TEST(Intervals, IndependentMeansAreScipys) {
  for (const auto& row : statistics_fixture()["independent"]) {
    expect_estimate(mean_of_independent(row["values"].get<std::vector<double>>()), row);
  }
}

TEST(Intervals, ClusteredMeansAreTheSandwichEstimators) {
  for (const auto& row : statistics_fixture()["clustered"]) {
    std::vector<ClusteredValue> values;
    for (size_t i = 0; i < row["values"].size(); ++i) {
      values.push_back({.cluster = row["clusters"][i], .value = row["values"][i]});
    }
    expect_estimate(mean_of_clustered(values), row);
  }
}

TEST(Intervals, PValuesOfZeroAreScipys) {
  for (const auto& row : statistics_fixture()["t_tests"]) {
    const MeanEstimate estimate = mean_of_independent(row["values"].get<std::vector<double>>());
    const double expected = row["p_value"];
    EXPECT_NEAR(p_value_of_zero(estimate).value(), expected, 1e-11 * expected);
  }
  EXPECT_FALSE(p_value_of_zero({.mean = 1}));
  const std::vector<double> equal{2, 2};
  EXPECT_FALSE(p_value_of_zero(mean_of_independent(equal)));
}

TEST(Intervals, SpansOfOneExampleAreTakenAsIndependent) {
  const std::vector<ClusteredValue> one{{7, 1}, {7, 3}};
  EXPECT_DOUBLE_EQ(mean_over_spans(one).standard_error.value(), 1);
  // Cluster residuals -2 and 2: 2 / 1 * 8 / 9 = 16 / 9.
  const std::vector<ClusteredValue> two{{0, 1}, {0, 1}, {1, 4}};
  EXPECT_DOUBLE_EQ(mean_over_spans(two).standard_error.value(), 4.0 / 3);
  EXPECT_EQ(mean_over_spans(two).freedom, 1);
}

TEST(Intervals, TwoValuesByHand) {
  const std::vector<double> values{1, 3};
  const MeanEstimate estimate = mean_of_independent(values);
  EXPECT_EQ(estimate.mean, 2);
  EXPECT_DOUBLE_EQ(estimate.standard_error.value(), 1);  // s^2 = 2, over n = 2
  EXPECT_NEAR(estimate.ci_high.value(), 2 + 12.706204736174698, 1e-12);
}

TEST(Intervals, OneValueHasNoError) {
  const std::vector<double> values{0.25};
  const MeanEstimate estimate = mean_of_independent(values);
  EXPECT_EQ(estimate.mean, 0.25);
  EXPECT_FALSE(estimate.standard_error || estimate.ci_low || estimate.ci_high);
}

RC_GTEST_PROP(Intervals, OneValueAClusterIsTheIndependentCase, (std::vector<int16_t> numbers)) {
  RC_PRE(numbers.size() >= 2);
  std::vector<double> plain;
  std::vector<ClusteredValue> clustered;
  for (const int16_t number : numbers) {
    clustered.push_back({.cluster = static_cast<int64_t>(plain.size()), .value = number / 16.0});
    plain.push_back(number / 16.0);
  }
  const MeanEstimate a = mean_of_independent(plain);
  const MeanEstimate b = mean_of_clustered(clustered);
  RC_ASSERT(a.mean == b.mean);
  RC_ASSERT(std::abs(*a.standard_error - *b.standard_error) <= 1e-12 * *a.standard_error);
}

}  // namespace
}  // namespace tugline
