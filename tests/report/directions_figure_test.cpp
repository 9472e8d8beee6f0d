#include "tugline/report/directions_figure.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/analysed_runs.h"
#include "support/expect_error.h"
#include "support/holds.h"
#include "support/pushed_elsewhere.h"
#include "support/run_program.h"
#include "support/svg_text.h"
#include "support/temporary_folder.h"
#include "tugline/report/drawn_figure.h"
#include "tugline/stats/spread.h"

namespace tugline {
namespace {

class DirectionsFigure : public testing::Test {
 protected:
  void SetUp() override { make_grid_run(folder_ / "run.db"); }
  [[nodiscard]] RunStore store() const { return RunStore::open_read_only(folder_ / "run.db"); }
  [[nodiscard]] Figure figure(FigureSubject subject = {}) const {
    subject.span_kinds = {"chunk"};
    subject.layers = {5, 9};
    return directions_figure(store(), view_of(store()), subject);
  }
  TemporaryFolder folder_;
};

TEST_F(DirectionsFigure, DrawsTheErrorsOfTheAnalysis) {
  const Figure found = figure({.epsilon = 2});
  const ResponseGrid grid = read_grid(store());
  int drawn = 0;
  for (const DirectionErrorPoint& error : direction_errors(grid)) {
    if (error.span_kind != "chunk" || error.epsilon != 2 || !(error.predicted.of_directions > 0)) continue;
    const std::string mark =
        fmt::format("\n{} {}\n", error.directions, 100 * error.predicted.of_directions / error.mean);
    EXPECT_TRUE(holds(found.script, mark)) << mark << found.script;
    ++drawn;
  }
  EXPECT_GE(drawn, 6) << "both layers at 1, 2, 4 ... directions";
  for (const DirectionsNeeded& needed : directions_needed(grid))
    if (needed.span_kind == "chunk" && needed.epsilon == 2) {
      const std::string name = fmt::format("'layer {}: {} for 5 %, {} for 2 %'", needed.layer,
                                           needed.for_5_percent.value(), needed.for_2_percent.value());
      EXPECT_TRUE(holds(found.script, name)) << name << found.script;
    }
  EXPECT_TRUE(holds(found.description, "15 chunk spans")) << found.description;
}

TEST_F(DirectionsFigure, WhatSaysNothingIsRefused) {
  const Error negative =
      error_of([&] { (void)figure({.measure = response_measure_named("delta_logprob")}); });
  EXPECT_EQ(negative.code(), ErrorCode::kUsage);
  EXPECT_EQ(error_of([&] { (void)figure({.epsilon = 7}); }).code(), ErrorCode::kUsage);
  EXPECT_EQ(error_of([&] { (void)figure({.epsilon = 0}); }).code(), ErrorCode::kNothingToMeasure);
}

TEST_F(DirectionsFigure, EveryFormatIsDrawnAndDescribed) {
  for (const char* name : {"f.svg", "f.png", "f.pdf"})
    for (const FigureStyle style : {FigureStyle::kPaper, FigureStyle::kSlides}) {
      draw_figure(figure({.look = {.format = figure_format_of(name), .style = style}}), folder_ / name);
      if (std::string(name) == "f.svg") expect_no_text_overlaps(file_text(folder_ / name));
    }
  expect_description_says_how(directions_figure(store(), pushed_elsewhere(view_of(store())),
                                                {.span_kinds = {"chunk"}, .layers = {5, 9}}));
}

}  // namespace
}  // namespace tugline
