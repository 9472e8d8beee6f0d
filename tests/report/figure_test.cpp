#include "tugline/report/figure.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "support/made_runs.h"
#include "support/pushed_elsewhere.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"
#include "tugline/report/figure_style.h"
#include "tugline/report/gnuplot.h"

namespace tugline {
namespace {

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

RunView small_view() {
  const TemporaryFolder folder;
  make_small_run(folder / "run.db");
  return view_of(RunStore::open_read_only(folder / "run.db"));
}

TEST(Figure, AZeroLayerIsNamedAndLeftOffTheLogarithmicAxis) {
  const std::string script = figure_script(small_view(), "anchor", FigureFormat::kSvg);
  EXPECT_TRUE(holds(script, "set logscale y"));
  EXPECT_TRUE(holds(script, "keyentry")) << script;
  EXPECT_TRUE(holds(script, "29: exactly 0"));
  EXPECT_TRUE(holds(script, "At ε = 0 the KL is exactly 0, off the")) << script;
  EXPECT_FALSE(holds(script, "NaN"));
}

TEST(Figure, TheCaptionSaysHowWasPushed) {
  expect_caption_says_how(figure_script(pushed_elsewhere(small_view()), "anchor", FigureFormat::kSvg));
}

TEST(Figure, AnInterpolationsAxisIsAFraction) {
  RunView view = small_view();
  view.identity.fields[field::kPush] = "interpolation";
  const std::string script = figure_script(view, "anchor", FigureFormat::kSvg);
  EXPECT_TRUE(holds(script, "fraction ε of the way to another residual")) << script;
  for (const char* words : {"RMS", "x2tics", "norm of the push"}) EXPECT_FALSE(holds(script, words)) << words;
}

// Two examples: the t interval over them is said to be of few.
TEST(Figure, TheCaptionSaysWhatTheBandsAre) {
  const std::string script = figure_script(small_view(), "anchor", FigureFormat::kSvg);
  EXPECT_TRUE(holds(caption_in(script), "95 % t interval over 2 examples (few: likely too narrow)"))
      << script;
}

// Each tick is a word of its own: raised type lies on itself in some readers of SVG.
TEST(Figure, LogarithmicAxesHavePlainLabels) {
  const std::string script = figure_script(small_view(), "anchor", FigureFormat::kSvg);
  EXPECT_TRUE(holds(script, "'10⁻²' 1e-2")) << script;
  EXPECT_FALSE(holds(script, "10^{"));
}

TEST(Figure, NothingPositiveMakesALinearAxis) {
  RunView view = small_view();
  std::erase_if(view.curves, [](const CurvePoint& point) { return point.layer == 20; });
  const std::string script = figure_script(view, "anchor", FigureFormat::kSvg);
  EXPECT_FALSE(holds(script, "logscale"));
  EXPECT_TRUE(holds(script, "$curve0 using 1:2"));
}

TEST(Figure, AShardIsCaptionedAsAPart) {
  RunView view = small_view();
  EXPECT_FALSE(holds(figure_script(view, "anchor", FigureFormat::kSvg), "PARTIAL:"));
  view.shard = {.number = 3, .count = 4};
  EXPECT_TRUE(holds(figure_script(view, "anchor", FigureFormat::kSvg), "PARTIAL:"));
}

TEST(Figure, EveryFormatIsWrittenWhole) {
  const TemporaryFolder folder;
  const RunView view = small_view();
  for (const char* name : {"a.svg", "b.png", "c.PDF"}) {
    draw_figure(view, "anchor", folder / name);
  }
  EXPECT_EQ(folder.names(), (std::vector<std::string>{"a.svg", "b.png", "c.PDF"}));
  const std::string svg = file_text(folder / "a.svg");
  EXPECT_TRUE(holds(svg, "</svg>"));
  // Words that stay together wherever the caption is broken into lines.
  for (const char* words : {"made-model", "readout: predicting", "audit:", "1.8e-04", "seed: 42",
                            "tugline 0.1.0", "layer", "29: exactly 0"}) {
    EXPECT_TRUE(holds(svg, words)) << words;
  }
  EXPECT_EQ(file_text(folder / "b.png").substr(0, 4), "\x89PNG");
  EXPECT_EQ(file_text(folder / "c.PDF").substr(0, 5), "%PDF-");
}

TEST(Figure, OneEpsilonManyLayersAndNegativeEpsilonsDraw) {
  const TemporaryFolder folder;
  RunView view = small_view();
  view.curves.clear();
  for (int32_t layer = 0; layer < 30; ++layer) {
    CurvePoint point{
        .span_kind = "chunk", .layer = layer, .epsilon = 1, .spans = 1, .examples = 1, .directions = 1};
    point.kl.mean = 1e-5 * (layer + 1);
    view.curves.push_back(point);
  }
  draw_figure(view, "chunk", folder / "single.svg");
  const std::vector<CurvePoint> once = view.curves;
  for (const double epsilon : {-1.0, 0.0}) {
    for (CurvePoint point : once) {
      point.epsilon = epsilon;
      point.kl.mean *= std::abs(epsilon);
      view.curves.push_back(point);
    }
  }
  draw_figure(view, "chunk", folder / "negative.svg");
  view.curves = once;
  EXPECT_TRUE(holds(caption_in(figure_script(view, "chunk", FigureFormat::kSvg)), "No error band:"));
}

TEST(Figure, NamesAreTextAndNothingElse) {
  const TemporaryFolder folder;
  RunView view = small_view();
  const std::string touched = (folder / "touched").string();
  for (const std::string& name :
       {"`touch " + touched + "`", "'.system('touch " + touched + "').'",
        "x'\nsystem('touch " + touched + "')\n#", std::string("\"\\ @a {/Bold b} %s \xff")}) {
    view.meta[field::kModelName] = name;
    for (Provenance& session : view.sessions) {
      session[field::kModelName] = name;
    }
    draw_figure(view, "anchor", folder / "figure.svg");
    EXPECT_FALSE(std::filesystem::exists(touched)) << name;
  }
}

TEST(Figure, AFailureLeavesTheOldFigure) {
  const TemporaryFolder folder;
  std::ofstream(folder / "old.svg") << "the old one";
  const RunView view = small_view();
  const std::string path_before = std::getenv("PATH");
  ::setenv("PATH", folder.path().c_str(), 1);
  const Error e = error_of([&] { draw_figure(view, "anchor", folder / "old.svg"); });
  ::setenv("PATH", path_before.c_str(), 1);
  EXPECT_EQ(e.code(), ErrorCode::kNotFound);
  EXPECT_TRUE(holds(e.what(), "gnuplot is not installed")) << e.what();
  EXPECT_EQ(file_text(folder / "old.svg"), "the old one");
  EXPECT_EQ(folder.names(), std::vector<std::string>{"old.svg"});
}

TEST(Figure, WhatCannotBeDrawnIsAnError) {
  const RunView view = small_view();
  EXPECT_EQ(error_of([] { (void)figure_format_of("a.jpeg"); }).code(), ErrorCode::kUsage);
  EXPECT_EQ(error_of([] { (void)figure_format_of("svg"); }).code(), ErrorCode::kUsage);
  EXPECT_EQ(span_kind_to_draw(view, ""), "anchor");
  EXPECT_EQ(error_of([&] { (void)span_kind_to_draw(view, "chunk"); }).code(), ErrorCode::kUsage);
  EXPECT_EQ(error_of([&] { (void)span_kind_to_draw(RunView{}, ""); }).code(), ErrorCode::kNothingToMeasure);
  EXPECT_EQ(error_of([&] { draw_figure(view, "anchor", "/nowhere/a.svg"); }).code(), ErrorCode::kIo);
  EXPECT_EQ(error_of([] { (void)run_gnuplot("plot nonsense(\n"); }).code(), ErrorCode::kIo);
}

TEST(FigureStyle, CaptionsBreakAtSpaces) {
  EXPECT_EQ(wrapped("one two  three", 7), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(wrapped("a unbreakable b", 4), (std::vector<std::string>{"a", "unbr", "eaka", "ble", "b"}));
  EXPECT_EQ(wrapped("εεεεε", 2), (std::vector<std::string>{"εε", "εε", "ε"}));
  EXPECT_EQ(wrapped("ε = ε", 5).size(), 1U);
  EXPECT_TRUE(wrapped("", 5).empty());
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
