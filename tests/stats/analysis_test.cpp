#include "tugline/stats/analysis.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "support/expect_error.h"
#include "support/made_grids.h"
#include "support/made_runs.h"
#include "tugline/stats/curves.h"

namespace tugline {
namespace {

AnalysisOptions few(int64_t resamples = 200) {
  AnalysisOptions options;
  options.resamples = resamples;
  return options;
}

TEST(Analysis, MeansAreThoseOfTheCurves) {
  const std::vector<UnitRecord> units = made_grid_units();
  const Analysis analysis = analyse({.main = grid_of(units)}, {}, few());
  CurveBuilder builder;
  for (const UnitRecord& unit : units) builder.add(unit.key, unit.measured.responses);
  const std::vector<CurvePoint> curves = builder.build(576);
  ASSERT_EQ(analysis.means.size(), curves.size());
  for (size_t i = 0; i < curves.size(); ++i) {
    const MeanPoint& point = analysis.means[i];
    EXPECT_EQ(std::tuple(point.span_kind, point.layer, point.epsilon),
              std::tuple(curves[i].span_kind, curves[i].layer, curves[i].epsilon));
    EXPECT_NEAR(point.kl, curves[i].kl.mean, 1e-14 * curves[i].kl.mean);
    EXPECT_EQ(point.spans, curves[i].spans);
    EXPECT_EQ(point.examples, curves[i].examples);
    EXPECT_LE(point.interval.low.value(), point.kl);
    EXPECT_GE(point.interval.high.value(), point.kl);
  }
}

TEST(Analysis, FindsWhatTheRunWasMadeWith) {
  const Analysis analysis = analyse({.main = grid_of(made_grid_units())}, made_metrics(), few());
  EXPECT_EQ(analysis.epsilon, 8);
  EXPECT_EQ(analysis.fit_largest, 3);
  EXPECT_EQ(analysis.fit_points, 3);
  EXPECT_EQ(analysis.spans, 19);
  ASSERT_EQ(analysis.shapes.size(), 4U);
  for (const ShapeOfCurve& shape : analysis.shapes) {
    // Exactly quadratic up to 4 and half as much again at 8: 10 % are left a fifth of the way.
    EXPECT_NEAR(shape.plateau.value().value().value(), 4.8, 1e-9);
    EXPECT_NEAR(shape.fit->b, 0, 1e-12);
    EXPECT_LT(shape.a.low.value(), shape.fit->a);
    EXPECT_GT(shape.a.high.value(), shape.fit->a);
    if (shape.threshold.value() && shape.threshold.epsilon <= 4) {
      EXPECT_NEAR(shape.threshold.epsilon, std::sqrt(0.1 / shape.fit->a), 1e-9);
    }
  }
  for (const Contrast& contrast : analysis.contrasts) {
    if (contrast.epsilon == 0) continue;
    const bool of_kinds = contrast.against_kind != contrast.span_kind;
    EXPECT_GT((of_kinds ? 1 : -1) * contrast.difference.mean, 0) << "anchors above chunks, layer 5 below 9";
  }
  EXPECT_EQ(analysis.contrasts.size(), 2U * 6 + 2U * 6);
  EXPECT_EQ(analysis.spread.size(), 24U);
  EXPECT_EQ(analysis.direction_errors.size(), 24U * 5);  // 1, 2, 4, 8, 16 directions
}

TEST(Analysis, AZeroLayerIsExactlyZeroThroughout) {
  std::vector<UnitRecord> units = made_grid_units();
  for (UnitRecord& unit : units)
    for (ResponseRecord& response : unit.measured.responses)
      if (unit.key.layer == 9) response.means[kKl] = 0;
  const Analysis analysis = analyse({.main = grid_of(units)}, made_metrics(), few());
  for (const MeanPoint& point : analysis.means) {
    if (point.layer == 9) {
      EXPECT_EQ(std::pair(point.kl, point.interval.high.value()), std::pair(0.0, 0.0));
    }
  }
  for (const ShapeOfCurve& shape : analysis.shapes) {
    if (shape.layer != 9) continue;
    EXPECT_EQ(shape.fit->a, 0);
    EXPECT_FALSE(shape.threshold.value() || shape.plateau->value());
  }
}

TEST(Analysis, RefusesWhatItCannotAnswer) {
  EXPECT_EQ(error_of([] { (void)analyse(RunGrids{}, {}, few()); }).code(), ErrorCode::kNothingToMeasure);
  AnalysisOptions options = few();
  options.epsilon = 5;
  const Error e = error_of([&] { (void)analyse({.main = grid_of(made_grid_units())}, {}, options); });
  EXPECT_EQ(e.code(), ErrorCode::kUsage);
  EXPECT_NE(std::string(e.what()).find("it has 0, 1, 2, 3, 4, 8"), std::string::npos) << e.what();
  options.epsilon = 4;
  EXPECT_EQ(analyse({.main = grid_of(made_grid_units())}, {}, options).epsilon, 4);
}

TEST(Analysis, OneSpanAndOneDirectionSayWhatTheyCan) {
  const std::vector<UnitRecord> unit{
      made_grid_unit({.example = 0, .span_kind = "anchor", .chunk = -1, .layer = 5}, 1, 1)};
  const Analysis analysis = analyse({.main = grid_of(unit)}, made_metrics(), few());
  EXPECT_EQ(analysis.means.size(), 6U);
  EXPECT_TRUE(analysis.contrasts.empty() && analysis.direction_errors.empty() &&
              analysis.correlations.empty());
  EXPECT_FALSE(analysis.spread.at(0).components.directions);
}

// Every number, as text that reads back to the same double.
std::string everything(const Analysis& analysis) {
  std::string text;
  const auto add = [&](const auto&... values) { ((text += fmt::format("{} ", values)), ...); };
  const auto maybe = [](const std::optional<double>& v) { return v.value_or(-12345); };
  const auto interval = [&](const PercentileInterval& i) {
    add(maybe(i.low), maybe(i.high), maybe(i.standard_error));
  };
  for (const MeanPoint& p : analysis.means) add(p.span_kind, p.layer, p.epsilon, p.kl), interval(p.interval);
  for (const ShapeOfCurve& s : analysis.shapes) {
    add(s.fit->a, s.fit->b, maybe(s.threshold.value()), maybe(s.plateau->value()));
    for (const auto* i : {&s.a, &s.b, &s.threshold_interval, &s.plateau_interval}) interval(*i);
  }
  for (const SpanMeasures& m : analysis.span_measures)
    for (const SpanMeasure& measure : span_measures()) add(maybe(measure.value(m)));
  for (const Contrast& c : analysis.contrasts) {
    add(c.difference.mean, maybe(c.difference.standard_error), maybe(c.ratio), maybe(c.p_value), c.larger);
    interval(c.bootstrap), interval(c.ratio_interval);
  }
  for (const SpreadPoint& s : analysis.spread)
    add(maybe(s.components.examples), maybe(s.components.spans), maybe(s.components.directions));
  for (const DirectionErrorPoint& d : analysis.direction_errors)
    add(d.predicted.standard_error, d.predicted.of_directions, maybe(d.measured));
  for (const MetricCorrelation& c : analysis.correlations)
    for (const CorrelationTest* t : {&c.pearson, &c.spearman})
      add(maybe(t->coefficient), maybe(t->p_value), maybe(t->q_value));
  return text;
}

RC_GTEST_PROP(Analysis, TheOrderOfUnitsAndResponsesChangesNoBit, (uint32_t seed)) {
  static const std::string kBefore =
      everything(analyse({.main = grid_of(made_grid_units())}, made_metrics(), few(50)));
  std::mt19937 random(seed);
  std::vector<UnitRecord> units = made_grid_units();
  std::shuffle(units.begin(), units.end(), random);
  for (UnitRecord& unit : units)
    std::shuffle(unit.measured.responses.begin(), unit.measured.responses.end(), random);
  RC_ASSERT(everything(analyse({.main = grid_of(units)}, made_metrics(), few(50))) == kBefore);
}

}  // namespace
}  // namespace tugline
