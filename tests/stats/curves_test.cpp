#include "tugline/stats/curves.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>

#include "support/made_records.h"
#include "support/made_runs.h"

namespace tugline {
namespace {

std::vector<CurvePoint> curves_of(const std::vector<UnitRecord>& units, int64_t d_model = 576) {
  CurveBuilder builder;
  for (const UnitRecord& unit : units) {
    builder.add(unit.key, unit.measured.responses);
  }
  return builder.build(d_model);
}

UnitRecord unit_with(int64_t example, int64_t chunk, const std::vector<double>& kls) {
  UnitRecord unit = bare_unit({.example = example, .span_kind = "chunk", .chunk = chunk, .layer = 5});
  for (size_t i = 0; i < kls.size(); ++i) {
    unit.measured.responses.push_back(kl_response(static_cast<int32_t>(i), 1, kls[i]));
  }
  return unit;
}

TEST(Curves, OnePointASpanKindLayerAndEpsilonSorted) {
  UnitRecord chunk = made_unit(0, 7, 1);
  chunk.key.span_kind = "chunk";
  const auto points = curves_of({made_unit(0, 20, 1), chunk, made_unit(0, 7, 1), made_unit(1, 7, 1)});
  std::vector<std::tuple<std::string, int32_t, double>> keys;
  for (const CurvePoint& point : points) {
    keys.emplace_back(point.span_kind, point.layer, point.epsilon);
  }
  EXPECT_EQ(keys.size(), 9U);
  EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
  EXPECT_EQ(keys.front(), (std::tuple<std::string, int32_t, double>{"anchor", 7, 0.0}));
  EXPECT_DOUBLE_EQ(points.at(1).epsilon_relative.value(), 0.5 / 24);  // sqrt(576) = 24
}

TEST(Curves, EachSpanWeighsTheSame) {
  // Span means 2 and 6; a plain mean over the five pushes would be 3.6.
  const auto points = curves_of({unit_with(0, 0, {1, 2, 3}), unit_with(0, 1, {5, 7})});
  ASSERT_EQ(points.size(), 1U);
  EXPECT_EQ(points[0].kl.mean, 4);
  EXPECT_DOUBLE_EQ(points[0].kl.standard_error.value(), 2);  // s = sqrt(8), over sqrt(2)
  EXPECT_EQ(points[0].spans, 2);
  EXPECT_EQ(points[0].examples, 1);
  EXPECT_EQ(points[0].directions, 2);  // of the span that has the fewest
}

// An interpolation's epsilon is no size, whatever the width.
TEST(Curves, WithoutAWidthEpsilonsAreRelativeToNothing) {
  CurveBuilder builder;
  builder.add(made_unit(0, 7, 1).key, made_unit(0, 7, 1).measured.responses);
  for (const CurvePoint& point : builder.build(std::nullopt)) EXPECT_FALSE(point.epsilon_relative);
}

// Over the spans the random directions have the means 2, 4, 7 and 3; the quantiles are at 3 x 0.025 and 3 x
// 0.975 of their order.
TEST(Curves, TheRangeOfRandomDirectionsIsOverTheirMeans) {
  CurveBuilder builder(NullRange::kYes);
  for (const auto& [example, kls] :
       {std::pair(int64_t{0}, std::vector<double>{1, 2, 4, 1}), {1, {3, 6, 10, 5}}}) {
    UnitRecord unit = unit_with(example, 0, kls);
    for (ResponseRecord& response : unit.measured.responses) response.set = DirectionSet::kNull;
    builder.add(unit.key, unit.measured.responses);
  }
  const auto points = builder.build(576);
  ASSERT_EQ(points.size(), 1U);
  EXPECT_DOUBLE_EQ(points[0].null_low.value(), 2 + 0.075);
  EXPECT_DOUBLE_EQ(points[0].null_high.value(), 7 - 0.225);
  EXPECT_FALSE(curves_of({unit_with(0, 0, {1, 2})}).at(0).null_low);
}

TEST(Curves, OneSpanTakesItsErrorFromTheDirections) {
  const auto points = curves_of({unit_with(0, 0, {1, 3})});
  EXPECT_EQ(points.at(0).kl.mean, 2);
  EXPECT_DOUBLE_EQ(points.at(0).kl.standard_error.value(), 1);
  EXPECT_FALSE(curves_of({unit_with(0, 0, {1})}).at(0).kl.standard_error);
}

TEST(Curves, SpansOfOneExampleAreACluster) {
  // Span means 1, 1 (example 0) and 4 (example 1): mean 2, cluster residuals -2 and 2,
  // variance 2/1 * (4 + 4) / 9 = 16/9, standard error 4/3, one degree of freedom.
  const auto points = curves_of({unit_with(0, 0, {1}), unit_with(0, 1, {1}), unit_with(1, 0, {4})});
  EXPECT_EQ(points.at(0).kl.mean, 2);
  EXPECT_DOUBLE_EQ(points.at(0).kl.standard_error.value(), 4.0 / 3);
  EXPECT_NEAR(points.at(0).kl.ci_high.value(), 2 + 12.706204736174698 * 4 / 3, 1e-11);
  EXPECT_EQ(points.at(0).examples, 2);
}

TEST(Curves, ExactZerosStayExact) {
  const auto points = curves_of({unit_with(0, 0, {0, 0}), unit_with(1, 0, {0, 0})});
  EXPECT_EQ(points.at(0).kl.mean, 0);
  EXPECT_EQ(points.at(0).kl.standard_error, 0.0);
}

bool same_bits(double a, double b) { return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b); }

RC_GTEST_PROP(Curves, TheOrderOfUnitsAndResponsesChangesNoBit, (uint32_t seed)) {
  std::mt19937 random(seed);
  std::lognormal_distribution<double> values(-8, 2);
  std::vector<UnitRecord> units;
  for (int64_t example = 0; example < 4; ++example) {
    for (int64_t chunk = 0; chunk <= example; ++chunk) {
      std::vector<double> kls(9);
      std::generate(kls.begin(), kls.end(), [&] { return values(random); });
      units.push_back(unit_with(example, chunk, kls));
    }
  }
  const auto before = curves_of(units);
  std::shuffle(units.begin(), units.end(), random);
  for (UnitRecord& unit : units) {
    std::shuffle(unit.measured.responses.begin(), unit.measured.responses.end(), random);
  }
  const auto after = curves_of(units);
  RC_ASSERT(before.size() == after.size());
  for (size_t i = 0; i < before.size(); ++i) {
    RC_ASSERT(same_bits(before[i].kl.mean, after[i].kl.mean));
    RC_ASSERT(same_bits(*before[i].kl.standard_error, *after[i].kl.standard_error));
    RC_ASSERT(same_bits(*before[i].kl.ci_low, *after[i].kl.ci_low));
  }
}

TEST(Curves, RandomDirectionsBesideVectorsAreACurveOfTheirOwn) {
  UnitRecord unit = unit_with(0, 1, {2, 6, 100, 300});
  for (const size_t i : {2U, 3U}) unit.measured.responses[i].set = DirectionSet::kNull;
  const auto points = curves_of({unit});
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0].set, DirectionSet::kMain);
  EXPECT_EQ(points[0].kl.mean, 4);
  EXPECT_EQ(points[1].set, DirectionSet::kNull);
  EXPECT_EQ(points[1].kl.mean, 200);
  EXPECT_EQ(points[1].directions, 2);
}

}  // namespace
}  // namespace tugline
