#include "tugline/report/dose_figure.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/expect_error.h"
#include "support/holds.h"
#include "support/made_runs.h"
#include "support/pushed_elsewhere.h"
#include "support/run_program.h"
#include "support/svg_text.h"
#include "support/temporary_folder.h"
#include "tugline/report/drawn_figure.h"

namespace tugline {
namespace {

DoseRow dose(int32_t layer, double epsilon, double low, double high) {
  DoseRow row{.span_kind = "anchor", .layer = layer, .spans = 2, .examples = 2, .directions = 2};
  row.side = epsilon < 0 ? DoseSide::kNegative : DoseSide::kPositive;
  row.dose = {.place = Dose::Place::kMeasured,
              .epsilon = epsilon,
              .interpolation_error = std::abs(epsilon) * 0.004,
              .largest_response = 0.5,
              .largest_epsilon = epsilon < 0 ? -8.0 : 8.0};
  row.interval = {.low = low, .high = high};
  return row;
}

DoseRow beyond(int32_t layer) {
  DoseRow row = dose(layer, 1, 7, 7);
  row.dose.place = Dose::Place::kBeyond;
  row.interval.high.reset();
  return row;
}

class DoseFigure : public testing::Test {
 protected:
  void SetUp() override { make_small_run(folder_ / "run.db"); }
  [[nodiscard]] RunView view() const { return view_of(RunStore::open_read_only(folder_ / "run.db")); }
  [[nodiscard]] Figure figure(std::vector<DoseRow> rows, FigureSubject subject = {}) const {
    if (subject.span_kinds.empty()) subject.span_kinds = {"anchor"};
    if (subject.layers.empty()) subject.layers = {20, 29};
    return dose_figure(view(), {.target = 0.1, .statistic = "mean", .width = 576, .doses = std::move(rows)},
                       subject);
  }
  TemporaryFolder folder_;
};

TEST_F(DoseFigure, HasEachLayersDoseWithItsInterval) {
  const Figure found = figure({dose(20, 3, 2.5, 4), dose(29, 1.5, 1.25, 2)});
  EXPECT_TRUE(holds(found.script, "\n0 3 2.5 4\n")) << found.script;
  EXPECT_TRUE(holds(found.script, "\n1 1.5 1.25 2\n")) << found.script;
  EXPECT_TRUE(holds(found.script, "set logscale y"));
  EXPECT_TRUE(holds(found.script, "'The push that moves KL to 0.1 nats'"));
  EXPECT_TRUE(holds(found.description, "to 0.4 %")) << found.description;
  EXPECT_FALSE(holds(found.description, "Triangles"));
}

TEST_F(DoseFigure, OtherLayersAndKindsAreLeftOut) {
  DoseRow chunk = dose(20, 5, 4, 6);
  chunk.span_kind = "chunk";
  const Figure found = figure({dose(20, 3, 2.5, 4), chunk, dose(25, 2, 1, 3), dose(29, 1.5, 1.25, 2)});
  EXPECT_FALSE(holds(found.script, " 5 4 6\n"));
  EXPECT_FALSE(holds(found.script, " 2 1 3\n"));
  const Figure both = figure({dose(20, 3, 2.5, 4), chunk}, {.span_kinds = {"anchor", "chunk"}});
  EXPECT_TRUE(holds(both.script, " 5 4 6\n")) << both.script;
  EXPECT_TRUE(holds(both.script, "'chunk'"));
}

// It stands at the largest push, and its interval goes on to the axis' end.
TEST_F(DoseFigure, WhatIsNotReachedIsATriangle) {
  const Figure found = figure({dose(20, 3, 2.5, 4), beyond(29)});
  EXPECT_TRUE(holds(found.script, "\n1 8 7 8.")) << found.script;
  EXPECT_TRUE(holds(found.script, "pt 8 "));
  EXPECT_TRUE(holds(found.description, "Triangles: not reached"));
}

TEST_F(DoseFigure, WhatAPushDoesNotMoveIsCounted) {
  DoseRow zero = beyond(29);
  zero.dose.largest_response = zero.dose.largest_epsilon = 0;
  zero.interval = {};
  const Figure found = figure({dose(20, 3, 2.5, 4), zero});
  EXPECT_TRUE(holds(found.description, "Left out: 1 curve that the pushes do not move at all."))
      << found.description;
  expect_no_text_overlaps(drawn_figure(found));
  EXPECT_EQ(error_of([&] { (void)figure({zero}); }).code(), ErrorCode::kNothingToMeasure);
}

TEST_F(DoseFigure, VectorsAreSeriesBesideRandomDirections) {
  std::vector<DoseRow> rows;
  for (const int32_t layer : {20, 29}) {
    for (int32_t vector = 0; vector < 2; ++vector) {
      rows.push_back(dose(layer, 2 + vector, 1.5, 4));
      rows.back().direction = vector;
    }
    rows.push_back(dose(layer, 6, 5, 7));
    rows.back().set = DirectionSet::kNull;
  }
  const Figure one_panel = figure(rows);
  for (const char* name : {"'direction 0'", "'direction 1'", "'random directions'"})
    EXPECT_TRUE(holds(one_panel.script, name)) << name << one_panel.script;
  EXPECT_TRUE(holds(one_panel.description, "Dashed: the mean of the random directions."));
  for (int32_t vector = 2; vector < 12; ++vector) {
    rows.push_back(dose(20, 3 + vector / 10.0, 2, 4));
    rows.back().direction = vector;
  }
  const Figure panels = figure(rows);
  EXPECT_TRUE(holds(panels.script, "$p11s0")) << "a panel for each of twelve vectors";
  expect_no_text_overlaps(drawn_figure(panels));
}

TEST_F(DoseFigure, BothSignsHaveASeries) {
  const std::string script =
      figure({dose(20, 3, 2.5, 4), dose(20, -2, 1.5, 2.5), dose(29, 1.5, 1, 2), dose(29, -1, 0.5, 2)}).script;
  EXPECT_TRUE(holds(script, "'ε < 0'")) << script;
  EXPECT_TRUE(holds(script, " 2 1.5 2.5\n")) << "the size of a negative push";
}

TEST_F(DoseFigure, OneLayerIsARowForEachSeries) {
  std::vector<DoseRow> rows{dose(20, 3, 2.5, 4), beyond(20)};
  for (int32_t i = 0; i < 2; ++i) rows[static_cast<size_t>(i)].direction = i;
  const Figure found = figure(rows, {.layers = {20}});
  EXPECT_TRUE(holds(found.script, "'3 [2.5, 4]'")) << found.script;
  EXPECT_TRUE(holds(found.script, "'not reached: 0.5 nats at 8'")) << found.script;
  expect_no_text_overlaps(drawn_figure(found));
}

TEST_F(DoseFigure, EveryFormatIsDrawnAndDescribed) {
  const std::vector<DoseRow> rows{dose(20, 3, 2.5, 4), beyond(29)};
  for (const char* name : {"f.svg", "f.png", "f.pdf"})
    for (const FigureStyle style : {FigureStyle::kPaper, FigureStyle::kSlides}) {
      const Look look{.format = figure_format_of(name), .style = style};
      draw_figure(figure(rows, {.look = look}), folder_ / name);
      if (look.format == FigureFormat::kSvg) expect_no_text_overlaps(file_text(folder_ / name));
    }
  expect_description_says_how(dose_figure(pushed_elsewhere(view()),
                                          {.target = 0.1, .statistic = "mean", .doses = rows},
                                          {.span_kinds = {"anchor"}, .layers = {20, 29}}));
}

TEST_F(DoseFigure, WhatCannotBeDrawnIsAnError) {
  const Error e =
      error_of([&] { (void)figure({dose(20, 3, 2, 4)}, {.look = {.scale = AxisScale::kLogLog}}); });
  EXPECT_EQ(e.code(), ErrorCode::kUsage);
  EXPECT_EQ(error_of([&] { (void)figure({dose(20, 3, 2, 4)}, {.layers = {7}}); }).code(),
            ErrorCode::kNothingToMeasure);
}

}  // namespace
}  // namespace tugline
