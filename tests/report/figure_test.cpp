#include "tugline/report/figure.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "support/expect_error.h"
#include "support/holds.h"
#include "support/made_runs.h"
#include "support/pushed_elsewhere.h"
#include "support/run_program.h"
#include "support/svg_text.h"
#include "support/temporary_folder.h"
#include "tugline/report/curves_figure.h"
#include "tugline/report/drawn_figure.h"
#include "tugline/report/figure_style.h"
#include "tugline/report/gnuplot.h"
#include "tugline/report/layers_figure.h"
#include "tugline/report/measured_curves.h"

namespace tugline {
namespace {

class CurvesFigure : public testing::Test {
 protected:
  void SetUp() override { make_small_run(folder_ / "run.db"); }
  [[nodiscard]] RunStore store() const { return RunStore::open_read_only(folder_ / "run.db"); }
  [[nodiscard]] RunView view() const { return view_of(store()); }
  [[nodiscard]] Figure figure(const Look& look = {}, const std::string& measure = "kl") const {
    return figure(view(), look, measure);
  }
  [[nodiscard]] Figure figure(const RunView& view, const Look& look = {},
                              const std::string& measure = "kl") const {
    return curves_figure(store(), view, subject(view, look, measure));
  }
  [[nodiscard]] static FigureSubject subject(const RunView& view, const Look& look,
                                             const std::string& measure) {
    std::set<int32_t> layers;
    for (const CurvePoint& point : view.curves) layers.insert(point.layer);
    return {.span_kinds = span_kinds_to_draw(view, ""),
            .layers = {layers.begin(), layers.end()},
            .measure = response_measure_named(measure),
            .look = look};
  }
  TemporaryFolder folder_;
};

TEST_F(CurvesFigure, AZeroLayerIsNamedAndLeftOffTheLogarithmicAxis) {
  const Figure found = figure();
  EXPECT_TRUE(holds(found.script, "set logscale y"));
  EXPECT_TRUE(holds(found.script, "29: exactly 0"));
  EXPECT_TRUE(holds(found.description, "At ε = 0 the response is exactly 0")) << found.description;
}

// made_runs.h: KL = scale eps^2 (1 + direction), scales 1/16 and 3/16: mean over directions and examples
// 0.1875 eps^2.
TEST_F(CurvesFigure, PointsAreTheExportedMeans) {
  const RunView run = view();
  const Figure found = figure(run);
  for (const CurvePoint& point : run.curves) {
    if (point.layer != 20 || point.epsilon <= 0) continue;
    EXPECT_TRUE(holds(found.script, fmt::format("\n{} {}\n", point.epsilon, point.kl.mean))) << found.script;
  }
  EXPECT_TRUE(holds(figure({}, "js").script, "\n2 0.1875\n")) << "a quarter of KL's";
}

// Between the logarithms of 0.5 and 2 lies that of 1, with the mean 0.1875.
TEST_F(CurvesFigure, OnAMixedAxisTheLineFollowsThePowerLaw) {
  EXPECT_TRUE(holds(figure().script, "set logscale x"));
  const std::string script = figure({.scale = AxisScale::kLog}).script;
  EXPECT_TRUE(holds(script, "unset logscale x"));
  EXPECT_TRUE(holds(script, "\n1 0.1875\n")) << script;
  EXPECT_TRUE(holds(figure({.scale = AxisScale::kLinear}).script, "unset logscale y"));
}

// Two examples give a t interval that reaches far below 0; its logarithm's does not, and no band touches the
// axis' end from above it.
TEST_F(CurvesFigure, BandsOfALogarithmicAxisArePositive) {
  const MeanEstimate mean{.mean = 2, .standard_error = 0.5, .ci_low = -4, .ci_high = 8, .freedom = 1};
  const auto interval = log_interval(mean);
  ASSERT_TRUE(interval);
  EXPECT_GT(interval->low, 0);
  EXPECT_NEAR(interval->low * interval->high, 4, 1e-12)
      << "the mean is the middle of its logarithm's interval";
  EXPECT_NEAR(std::log(interval->high / 2), student_t_quantile(0.975, 1) * 0.25, 1e-12);
  EXPECT_FALSE(log_interval({.mean = 0, .standard_error = 1, .freedom = 3}));
}

TEST_F(CurvesFigure, AScaleThatCannotBeIsRefused) {
  RunView run = view();
  std::erase_if(run.curves, [](const CurvePoint& point) { return point.layer == 20; });
  EXPECT_EQ(error_of([&] { (void)figure(run, {.scale = AxisScale::kLog}); }).code(), ErrorCode::kUsage);
  EXPECT_TRUE(holds(figure(run).script, "unset logscale y")) << "nothing positive: linear";
}

TEST_F(CurvesFigure, TheDescriptionSaysHowWasPushedAndWhatTheBandsAre) {
  expect_description_says_how(figure(pushed_elsewhere(view())));
  EXPECT_TRUE(holds(figure().description, "over 2 examples (few: likely too narrow)"));
}

TEST_F(CurvesFigure, AnInterpolationsAxisIsAFraction) {
  RunView run = view();
  run.identity.fields[field::kPush] = "interpolation";
  const std::string script = figure(run).script;
  EXPECT_TRUE(holds(script, "fraction ε of the way to another residual")) << script;
  for (const char* words : {"RMS", "x2tics", "norm of the push"}) EXPECT_FALSE(holds(script, words)) << words;
}

// Each tick is a word of its own: raised type lies on itself in some readers of SVG.
TEST_F(CurvesFigure, LogarithmicAxesHavePlainLabels) {
  EXPECT_TRUE(holds(figure().script, "'10⁻¹'")) << figure().script;
  EXPECT_FALSE(holds(figure().script, "10^{"));
}

TEST_F(CurvesFigure, AShardIsCaptionedAsAPart) {
  RunView run = view();
  EXPECT_FALSE(holds(figure(run).script, "PARTIAL:"));
  run.shard = {.number = 3, .count = 4};
  EXPECT_TRUE(holds(figure(run).script, "PARTIAL:"));
}

TEST_F(CurvesFigure, TheMetadataHasTheDescription) {
  const Figure svg = figure({.title = "A & B"});
  const std::string text = drawn_figure(svg);
  EXPECT_TRUE(holds(text, "<title>A &amp; B</title>"));
  for (const char* words :
       {"made-model", "readout: predicting", "audit:", "1.8e-04", "seed: 42", "tugline 0.1.0"})
    EXPECT_TRUE(holds(text, words)) << words;
  const std::string png = drawn_figure(figure({.format = FigureFormat::kPng}));
  EXPECT_TRUE(is_whole_png(png));
  EXPECT_TRUE(holds(png, "seed: 42"));
  const std::string pdf = drawn_figure(figure({.format = FigureFormat::kPdf}));
  const size_t update = pdf.rfind("startxref\n");
  ASSERT_NE(update, std::string::npos);
  EXPECT_LT(std::stoul(pdf.substr(update + 10)), update) << "the place of the update's table";
  EXPECT_TRUE(pdf.ends_with("%%EOF\n"));
  EXPECT_TRUE(holds(pdf, "/Subject <FEFF")) << "UTF-16";
  EXPECT_TRUE(holds(pdf, "0073006500650064")) << "seed";
}

TEST_F(CurvesFigure, TheSameFigureHasTheSameBytes) {
  for (const FigureFormat format : {FigureFormat::kSvg, FigureFormat::kPng, FigureFormat::kPdf})
    EXPECT_EQ(drawn_figure(figure({.format = format})), drawn_figure(figure({.format = format})));
}

TEST_F(CurvesFigure, NoTextLiesOnAnother) {
  RunView run = view();
  run.meta[field::kModelName] = std::string(90, 'm') + " with a long name";
  for (Provenance& session : run.sessions) session[field::kModelName] = run.meta[field::kModelName];
  for (const double width : {400.0, 900.0, 1600.0})
    for (const FigureStyle style : {FigureStyle::kPaper, FigureStyle::kSlides}) {
      const Look look{.style = style,
                      .width = width,
                      .title = "A long title that goes on over more than a line, " + std::string(60, 'x')};
      expect_no_text_overlaps(drawn_figure(figure(run, look)));
      expect_no_text_overlaps(drawn_figure(layers_figure(store(), run, subject(run, look, "kl"))));
    }
}

TEST_F(CurvesFigure, WithoutACaptionTheMetadataStillDescribes) {
  const Figure found = figure({.has_caption = false});
  EXPECT_FALSE(holds(found.script, "anchor spans of"));
  EXPECT_TRUE(holds(found.description, "anchor spans of"));
}

// Layers that are many or few, one epsilon, and epsilons of both signs.
TEST_F(CurvesFigure, OneEpsilonManyLayersAndNegativeEpsilonsDraw) {
  RunView run = view();
  run.curves.clear();
  for (int32_t layer = 0; layer < 30; ++layer) {
    CurvePoint point{
        .span_kind = "chunk", .layer = layer, .epsilon = 1, .spans = 1, .examples = 1, .directions = 1};
    point.kl.mean = 1e-5 * (layer + 1);
    run.curves.push_back(point);
  }
  EXPECT_TRUE(holds(figure(run).script, "chunk spans, ε = 1")) << figure(run).script;
  EXPECT_TRUE(holds(figure(run).description, "No error band:"));
  draw_figure(figure(run), folder_ / "single.svg");
  const std::vector<CurvePoint> once = run.curves;
  for (const double epsilon : {-1.0, 0.0})
    for (CurvePoint point : once) {
      point.epsilon = epsilon;
      point.kl.mean *= std::abs(epsilon);
      run.curves.push_back(point);
    }
  EXPECT_TRUE(holds(figure(run).script, "unset logscale x\nset xrange [-1"));
  draw_figure(figure(run), folder_ / "negative.svg");
}

TEST_F(CurvesFigure, NamesAreTextAndNothingElse) {
  RunView run = view();
  const std::string touched = (folder_ / "touched").string();
  for (const std::string& name :
       {"`touch " + touched + "`", "'.system('touch " + touched + "').'",
        "x'\nsystem('touch " + touched + "')\n#", std::string("\"\\ @a {/Bold b} %s \xff")}) {
    for (Provenance& session : run.sessions) session[field::kModelName] = name;
    draw_figure(figure(run, {.title = name}), folder_ / "figure.svg");
    EXPECT_FALSE(std::filesystem::exists(touched)) << name;
  }
}

TEST_F(CurvesFigure, AFailureLeavesTheOldFigure) {
  std::ofstream(folder_ / "old.svg") << "the old one";
  const Figure found = figure();
  const std::string path_before = std::getenv("PATH");
  ::setenv("PATH", folder_.path().c_str(), 1);
  const Error e = error_of([&] { draw_figure(found, folder_ / "old.svg"); });
  ::setenv("PATH", path_before.c_str(), 1);
  EXPECT_EQ(e.code(), ErrorCode::kNotFound);
  EXPECT_TRUE(holds(e.what(), "gnuplot is not installed")) << e.what();
  EXPECT_EQ(file_text(folder_ / "old.svg"), "the old one");
}

TEST_F(CurvesFigure, WhatTheRunLacksIsAnError) {
  const RunView run = view();
  EXPECT_EQ(error_of([] { (void)figure_format_of("a.jpeg"); }).code(), ErrorCode::kUsage);
  EXPECT_EQ(span_kinds_to_draw(run, ""), std::vector<std::string>{"anchor"});
  EXPECT_TRUE(
      holds(error_of([&] { (void)span_kinds_to_draw(run, "anchor,chunk"); }).what(), "it has anchor"));
  EXPECT_EQ(error_of([] { (void)span_kinds_to_draw(RunView{}, ""); }).code(), ErrorCode::kNothingToMeasure);
  const Error e = error_of([&] { (void)figure({}, "answer_change"); });
  EXPECT_EQ(e.code(), ErrorCode::kUsage);
  EXPECT_TRUE(holds(e.what(), "it has delta_logprob")) << e.what();
  EXPECT_EQ(error_of([&] { draw_figure(figure(), "/nowhere/a.svg"); }).code(), ErrorCode::kIo);
  EXPECT_EQ(error_of([] { (void)run_gnuplot("plot nonsense(\n"); }).code(), ErrorCode::kIo);
}

TEST(FigureStyle, CaptionsBreakAtSpaces) {
  EXPECT_EQ(wrapped("one two  three", 7), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(wrapped("a unbreakable b", 4), (std::vector<std::string>{"a", "unbr", "eaka", "ble", "b"}));
  EXPECT_EQ(wrapped("εεεεε", 2), (std::vector<std::string>{"εε", "εε", "ε"}));
  EXPECT_EQ(wrapped("ε = ε", 5).size(), 1U);
  EXPECT_TRUE(wrapped("", 5).empty());
  EXPECT_EQ(shortened("εεεε", 3), "εε…");
}

TEST(FigureStyle, ColoursDiffer) {
  for (const size_t count : {1U, 4U, 7U, 8U, 12U, 30U}) {
    std::vector<std::string> colours = curve_colours(count);
    std::sort(colours.begin(), colours.end());
    EXPECT_EQ(colours.size(), count);
    EXPECT_EQ(std::unique(colours.begin(), colours.end()), colours.end());
  }
}

}  // namespace
}  // namespace tugline
