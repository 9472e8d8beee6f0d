#include "tugline/stats/metric_correlations.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/made_grids.h"

namespace tugline {
namespace {

constexpr PermutationOptions kFew{.permutations = 199, .seed = 1};

// One direction a unit, its only measure a KL: nothing but what is given.
std::vector<SpanMeasures> measures(const std::vector<std::tuple<int64_t, int64_t, double>>& kls) {
  std::vector<SpanMeasures> all;
  for (const auto& [example, chunk, kl] : kls)
    all.push_back({.unit = {.example = example, .span_kind = "chunk", .chunk = chunk, .layer = 5}, .kl = kl});
  return all;
}

const MetricCorrelation& find(const std::vector<MetricCorrelation>& all, const char* measure,
                              const char* metric, MetricScaling scaling, int32_t layer = 5) {
  return *std::find_if(all.begin(), all.end(), [&](const MetricCorrelation& c) {
    return c.measure == measure && c.metric == metric && c.scaling == scaling && c.layer == layer &&
           c.span_kind == "chunk";
  });
}

TEST(MetricCorrelations, PooledAndWithinExamplesByHand) {
  // Within each example KL rises with the metric, between them it falls.
  const auto made =
      measures({{0, 0, 10}, {0, 1, 11}, {0, 2, 12}, {1, 0, 1}, {1, 1, 2}, {1, 2, 3}, {2, 0, 5}});
  const ChunkMetric metric{
      "m", {{{0, 0}, 0}, {{0, 1}, 0.25}, {{0, 2}, 1}, {{1, 0}, 10}, {{1, 1}, 11}, {{1, 2}, 12}}};
  const auto all = metric_correlations(made, {metric}, kFew);
  const MetricCorrelation& pooled = find(all, "kl", "m", MetricScaling::kPooled);
  EXPECT_EQ(pooled.spans, 6);
  EXPECT_EQ(pooled.examples, 2);
  // Ranks 4 5 6 1 2 3 against 1 2 3 4 5 6: 1 - 6 * 54 / (6 * 35).
  EXPECT_NEAR(pooled.spearman.coefficient.value(), 1 - 6.0 * 54 / 210, 1e-14);
  EXPECT_LT(pooled.pearson.coefficient.value(), -0.9);
  const MetricCorrelation& within = find(all, "kl", "m", MetricScaling::kWithinExample);
  EXPECT_EQ(within.spans, 6);
  // 0, 1/2, 1 twice against 0, 1/4, 1 and 0, 1/2, 1.
  EXPECT_NEAR(within.pearson.coefficient.value(), 1 / std::sqrt(1 + 1.0 / 24), 0.03);
  EXPECT_GT(within.pearson.coefficient.value(), 0.95);
  EXPECT_TRUE(within.pearson.p_value && within.pearson.q_value);
}

TEST(MetricCorrelations, WhatHasNoScaleOfItsOwnIsLeftOut) {
  // Example 0's metric is the same everywhere, example 1 has one value: neither can be scaled.
  const auto made = measures({{0, 0, 1}, {0, 1, 2}, {1, 0, 3}, {2, 0, 4}, {2, 1, 6}});
  const ChunkMetric metric{"m", {{{0, 0}, 1}, {{0, 1}, 1}, {{1, 0}, 2}, {{2, 0}, 2}, {{2, 1}, 5}}};
  const auto all = metric_correlations(made, {metric}, kFew);
  const MetricCorrelation& within = find(all, "kl", "m", MetricScaling::kWithinExample);
  EXPECT_EQ(within.spans, 2);
  EXPECT_EQ(within.examples, 1);
  EXPECT_NEAR(within.pearson.coefficient.value(), 1, 1e-15);
  EXPECT_EQ(find(all, "kl", "m", MetricScaling::kPooled).spans, 5);
  // No span has a fit: nothing to correlate, and nothing claimed.
  const MetricCorrelation& none = find(all, "abs_a", "m", MetricScaling::kPooled);
  EXPECT_EQ(none.spans, 0);
  EXPECT_FALSE(none.pearson.coefficient || none.pearson.p_value || none.pearson.q_value);
}

TEST(MetricCorrelations, QValuesAreOverLayersAndMetrics) {
  const ResponseGrid grid = grid_of(made_grid_units());
  const QuadraticFitter fitter(grid.epsilons);
  const auto made = measure_spans(grid, {.fitter = &fitter, .epsilon = 5, .threshold = 0.1});
  const auto all = metric_correlations(made, made_metrics(), kFew);
  std::vector<double> p_values;
  std::vector<double> q_values;
  for (const int32_t layer : {5, 9}) {
    for (const char* metric : {"rising", "few"}) {
      const MetricCorrelation& found = find(all, "abs_a", metric, MetricScaling::kPooled, layer);
      if (!found.spearman.p_value) continue;
      p_values.push_back(*found.spearman.p_value);
      q_values.push_back(*found.spearman.q_value);
    }
  }
  EXPECT_EQ(q_values, benjamini_hochberg(p_values));
  EXPECT_EQ(p_values.size(), 2U) << "two chunks of different examples cannot be permuted";
  EXPECT_FALSE(find(all, "abs_a", "same", MetricScaling::kPooled).spearman.coefficient);
  EXPECT_GT(find(all, "abs_a", "rising", MetricScaling::kWithinExample).spearman.coefficient.value(), 0.5);
}

// Their numbers are another thing than a chunk's.
TEST(MetricCorrelations, WindowsAndMovedPushesHaveNoMetric) {
  const ChunkMetric metric{"m", {{{0, 1}, 0.5}}};
  for (const char* kind : {"anchor", "chunk", "control_matched"})
    EXPECT_EQ(value_at(metric, {.example = 0, .span_kind = kind, .chunk = 1}), 0.5) << kind;
  for (const char* kind : {"control_window", "control_offset_-1"})
    EXPECT_EQ(value_at(metric, {.example = 0, .span_kind = kind, .chunk = 1}), std::nullopt) << kind;
  EXPECT_EQ(value_at(metric, {.example = 0, .span_kind = "chunk", .chunk = 2}), std::nullopt);
}

}  // namespace
}  // namespace tugline
