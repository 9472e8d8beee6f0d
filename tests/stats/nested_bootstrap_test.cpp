#include "tugline/stats/nested_bootstrap.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <array>
#include <cmath>

#include "tugline/core/philox.h"
#include "tugline/stats/intervals.h"

namespace tugline {
namespace {

double variance(const std::vector<double>& values) {  // with n
  const double mean = mean_of_independent(values).mean;
  double squares = 0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  return squares / static_cast<double>(values.size());
}

double mean(const std::vector<double>& values) { return mean_of_independent(values).mean; }

// Examples x spans x directions of made values, one column and its double.
struct Made {
  std::vector<std::vector<std::vector<double>>> values = {};  // [examples][spans][2 * directions]
  NestedSample sample = {};

  Made(const std::vector<size_t>& spans, size_t directions) {
    uint64_t stream = 0;
    for (const size_t count : spans) {
      values.emplace_back(count);
      std::vector<double> base(1);
      fill_normals({.key = 1, .stream = stream++}, base);
      for (auto& span : values.back()) {
        std::vector<double> normals(directions + 1);
        fill_normals({.key = 2, .stream = stream++}, normals);
        for (size_t i = 0; i < directions; ++i) {
          const double value = 3 + base[0] + 0.7 * normals[directions] + 0.5 * normals[i];
          span.push_back(value);
          span.push_back(2 * value);
        }
      }
    }
    sample = {.groups = 1, .directions = static_cast<int32_t>(directions), .columns = 2};
    for (size_t example = 0; example < values.size(); ++example)
      for (const auto& span : values[example])
        sample.spans.push_back({.example = static_cast<int64_t>(example), .values = span});
  }
};

TEST(NestedBootstrap, HasTheVarianceOfItsClosedForm) {
  // Balanced: G examples of S spans of D directions. A resample's mean is that of G independent draws, each
  // with
  //   variance = var(example means) + mean over examples of (var(span means) + mean over spans of var / D) /
  //   S,
  // variances with n, so that of the mean is 1 / G of it.
  constexpr size_t kExamples = 5;
  constexpr size_t kSpans = 4;
  constexpr size_t kDirections = 3;
  const Made made(std::vector<size_t>(kExamples, kSpans), kDirections);
  std::vector<double> example_means;
  double within = 0;
  for (const auto& spans : made.values) {
    std::vector<double> span_means;
    double in_spans = 0;
    for (const auto& both : spans) {
      const std::vector<double> span{both[0], both[2], both[4]};
      span_means.push_back(mean(span));
      in_spans += variance(span) / kSpans;
    }
    example_means.push_back(mean(span_means));
    within += (variance(span_means) + in_spans / kDirections) / kSpans / kExamples;
  }
  const double expected = (variance(example_means) + within) / kExamples;
  constexpr int64_t kResamples = 40'000;
  const BootstrapMeans means =
      bootstrap_means(made.sample, NestedWeight::kSpan, {.resamples = kResamples, .seed = 9}, "test");
  const std::vector<double> values = means.column(0, 0);
  // Four standard deviations of a mean, and of a variance: sqrt(2 / n) of itself for values that are about
  // normal.
  EXPECT_NEAR(mean(values), mean(example_means), 4 * std::sqrt(expected / kResamples));
  EXPECT_NEAR(variance(values), expected, 4 * expected * std::sqrt(2.0 / kResamples));
  const PercentileInterval interval = percentile_interval(values);
  EXPECT_NEAR(interval.standard_error.value(), std::sqrt(expected), 4 * std::sqrt(expected / 2 / kResamples));
  // With balance each example's weight is the same either way.
  const BootstrapMeans by_example =
      bootstrap_means(made.sample, NestedWeight::kExample, {.resamples = 100, .seed = 9}, "test");
  for (int64_t r = 0; r < 100; ++r)
    EXPECT_NEAR(by_example.row(r, 0)[0], means.row(r, 0)[0], 1e-14) << "resample " << r;
}

TEST(NestedBootstrap, WeighsSpansOrExamples) {
  // Without any spread within examples: spans weigh 1 of 4 and 3 of 4, examples a half each.
  const std::array<double, 1> zero{0};
  const std::array<double, 1> four{4};
  NestedSample sample{.groups = 1, .directions = 1, .columns = 1};
  sample.spans = {{0, 0, zero}, {1, 0, four}, {1, 0, four}, {1, 0, four}};
  const BootstrapOptions options{.resamples = 200};
  const BootstrapMeans spans = bootstrap_means(sample, NestedWeight::kSpan, options, "test");
  const BootstrapMeans examples = bootstrap_means(sample, NestedWeight::kExample, options, "test");
  bool any_mixed = false;
  for (int64_t r = 0; r < options.resamples; ++r) {
    // 0, 2 or 4: twice how many of the two draws were the second example. Its spans weigh a third each, which
    // rounds.
    const double drawn = 2 * std::round(examples.row(r, 0)[0] / 2);
    EXPECT_NEAR(examples.row(r, 0)[0], drawn, 1e-14);
    EXPECT_EQ(spans.row(r, 0)[0], drawn == 2 ? 3 : drawn);
    any_mixed = any_mixed || drawn == 2;
  }
  EXPECT_TRUE(any_mixed);
}

TEST(NestedBootstrap, ColumnsAndGroupsShareTheirResamples) {
  const Made made({3, 1, 2}, 4);
  NestedSample sample = made.sample;
  const BootstrapMeans means = bootstrap_means(sample, NestedWeight::kSpan, {.resamples = 300}, "test");
  for (int64_t r = 0; r < 300; ++r) EXPECT_NEAR(means.row(r, 0)[1], 2 * means.row(r, 0)[0], 1e-13);
  // The third example's spans become another group, which some resamples lack.
  sample.groups = 2;
  sample.spans[4].group = sample.spans[5].group = 1;
  const BootstrapMeans grouped = bootstrap_means(sample, NestedWeight::kSpan, {.resamples = 300}, "test");
  const size_t with_group = grouped.column(1, 0).size();
  // (2/3)^3 of the resamples lack it: 89 of 300, give or take four times 7.9.
  EXPECT_NEAR(static_cast<double>(with_group), 300 - 300 * 8.0 / 27, 4 * 7.9);
}

TEST(NestedBootstrap, TheThreadsChangeNoBitAndTheSeedDoes) {
  const Made made({3, 1, 2, 5}, 4);
  const auto column = [&](int threads, uint64_t seed, const char* purpose) {
    const int before = omp_get_max_threads();
    omp_set_num_threads(threads);
    auto values = bootstrap_means(made.sample, NestedWeight::kSpan, {.resamples = 101, .seed = seed}, purpose)
                      .column(0, 0);
    omp_set_num_threads(before);
    return values;
  };
  EXPECT_EQ(column(1, 42, "a"), column(3, 42, "a"));
  EXPECT_NE(column(1, 42, "a"), column(1, 43, "a"));
  EXPECT_NE(column(1, 42, "a"), column(1, 42, "b"));
}

TEST(PercentileInterval, LeavesOpenWhatIsInfinite) {
  std::vector<double> values(100, 1.0);
  for (size_t i = 0; i < 10; ++i) values[i] = INFINITY;
  const PercentileInterval interval = percentile_interval(values);
  EXPECT_EQ(interval.low, 1.0);
  EXPECT_FALSE(interval.high || interval.standard_error);
  EXPECT_FALSE(percentile_interval({1.0}).low);
  for (size_t i = 0; i < 10; ++i) values[i] = -INFINITY;
  EXPECT_FALSE(percentile_interval(values).low);
  EXPECT_EQ(percentile_interval(values).high, 1.0);
}

}  // namespace
}  // namespace tugline
