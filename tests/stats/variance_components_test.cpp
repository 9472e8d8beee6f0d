#include "tugline/stats/variance_components.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/statistics_fixture.h"
#include "tugline/core/philox.h"

namespace tugline {
namespace {

std::vector<SpanResponses> spans_of(const nlohmann::json& row) {
  std::vector<SpanResponses> spans;
  size_t next = 0;
  for (size_t example = 0; example < row["sizes"].size(); ++example) {
    for (const auto& size : row["sizes"][example]) {
      SpanResponses span{.example = static_cast<int64_t>(example)};
      for (size_t i = 0; i < size.get<size_t>(); ++i) span.values.push_back(row["values"][next++]);
      spans.push_back(std::move(span));
    }
  }
  return spans;
}

TEST(VarianceComponents, AreThoseOfTheQuadraticForms) {
  for (const auto& row : statistics_fixture()["variance_components"]) {
    const VarianceComponents found = variance_components(spans_of(row));
    EXPECT_NEAR(found.examples.value(), row["examples"].get<double>(), 1e-12);
    EXPECT_NEAR(found.spans.value(), row["spans"].get<double>(), 1e-12);
    EXPECT_NEAR(found.directions.value(), row["directions"].get<double>(), 1e-12);
  }
}

TEST(VarianceComponents, BalancedByHand) {
  // Two examples of two spans of two directions. Within: each pair differs by 2: s^2 = 2. Span means 1, 3 and
  // 7, 9: MS_B = 2 * (1 + 1 + 1 + 1) / 2 = 4, so spans (4 - 2) / 2 = 1. Example means 2, 8: MS_A = 4 * (9 +
  // 9) = 72, so examples (72 - 4) / 4 = 17.
  const std::vector<SpanResponses> spans{{0, {0, 2}}, {0, {2, 4}}, {1, {6, 8}}, {1, {8, 10}}};
  const VarianceComponents found = variance_components(spans);
  EXPECT_DOUBLE_EQ(found.directions.value(), 2);
  EXPECT_DOUBLE_EQ(found.spans.value(), 1);
  EXPECT_DOUBLE_EQ(found.examples.value(), 17);
  // Variance of the mean: 17 / 2 + 1 / 4 + 2 / 8 with two directions.
  EXPECT_NEAR(standard_error_for(found, 2).standard_error, 3, 1e-15);
  EXPECT_NEAR(standard_error_for(found, 2).of_directions, 0.5, 1e-15);
  EXPECT_NEAR(standard_error_for(found, 8).of_directions, 0.25, 1e-15);
}

TEST(VarianceComponents, WhatTheDesignDoesNotTellIsAbsent) {
  const std::vector<SpanResponses> anchors{{0, {0, 2}}, {1, {4, 6}}};
  const VarianceComponents one_span_each = variance_components(anchors);
  EXPECT_FALSE(one_span_each.spans);
  // MS_A = 2 * (4 + 4) = 16, (16 - 2) / 2 = 7.
  EXPECT_DOUBLE_EQ(one_span_each.examples.value(), 7);
  const std::vector<SpanResponses> one_example{{0, {0, 2}}, {0, {4, 6}}};
  EXPECT_FALSE(variance_components(one_example).examples);
  EXPECT_DOUBLE_EQ(variance_components(one_example).spans.value(), 7);
  const std::vector<SpanResponses> one_direction{{0, {1}}, {0, {3}}, {1, {2}}};
  EXPECT_FALSE(variance_components(one_direction).directions);
  EXPECT_DOUBLE_EQ(variance_components(one_direction).spans.value(), 2);
}

TEST(VarianceComponents, TheMeasuredErrorIsTheGroupsDeviation) {
  // Groups of two: means (1 + 3 + 2 + 2) / 4 = 2 and (5 + 7 + 6 + 6) / 4 = 6.
  const std::vector<SpanResponses> spans{{0, {1, 3, 5, 7}}, {1, {2, 2, 6, 6}}};
  EXPECT_NEAR(measured_direction_error(spans, 2).value(), std::sqrt(8), 1e-14);
  EXPECT_FALSE(measured_direction_error(spans, 3));
  EXPECT_FALSE(measured_direction_error(spans, 4));
}

// The components are what the numbers were made with, and predictions agree with what is measured.
TEST(VarianceComponents, FindTheTruthInALargeSample) {
  std::vector<double> normals(200 + 200 * 6 * 33);
  fill_normals({.key = 1, .stream = 2}, normals);
  size_t next = 0;
  std::vector<SpanResponses> spans;
  for (int64_t example = 0; example < 200; ++example) {
    const double of_example = 2 * normals[next++];
    for (int64_t i = 0; i < 1 + example % 6; ++i) {
      SpanResponses span{.example = example};
      const double of_span = of_example + normals[next++];
      for (int j = 0; j < 32; ++j) span.values.push_back(of_span + 0.5 * normals[next++]);
      spans.push_back(std::move(span));
    }
  }
  const VarianceComponents found = variance_components(spans);
  // Three standard deviations of a variance from 199, 500 and 21,700 degrees of freedom, roughly sigma^2
  // sqrt(2 / n), with the spans' share on the examples' line.
  EXPECT_NEAR(found.examples.value(), 4, 3 * 4.5 * std::sqrt(2.0 / 199));
  EXPECT_NEAR(found.spans.value(), 1, 3 * std::sqrt(2.0 / 500));
  EXPECT_NEAR(found.directions.value(), 0.25, 3 * 0.25 * std::sqrt(2.0 / 21'700));
  // The deviation of 16 groups is known to 1 / sqrt(2 * 15) of itself.
  const double predicted = standard_error_for(found, 2).of_directions;
  EXPECT_NEAR(measured_direction_error(spans, 2).value(), predicted, 3 * predicted / std::sqrt(30));
}

}  // namespace
}  // namespace tugline
