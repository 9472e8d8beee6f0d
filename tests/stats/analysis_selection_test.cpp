#include "tugline/stats/analysis_selection.h"

#include <gtest/gtest.h>

#include "support/expect_error.h"
#include "support/made_grids.h"
#include "support/made_runs.h"

namespace tugline {
namespace {

const Analysis& whole() {
  static const Analysis analysis = [] {
    AnalysisOptions options;
    options.resamples = 100;
    std::vector<UnitRecord> units = made_grid_units();
    for (int64_t example = 0; example < 4; ++example)
      for (const int32_t layer : {5, 9})
        units.push_back(made_grid_unit(
            {.example = example, .span_kind = "control_window", .chunk = 7, .layer = layer}, 1));
    const ResponseGrid grid = grid_of(units);
    return analyse({.main = grid, .by_length = {grid}}, made_metrics(), options);
  }();
  return analysis;
}

TEST(AnalysisSelection, NothingSelectedIsAll) {
  const Analysis all = selected(whole(), {});
  EXPECT_EQ(all.means.size(), whole().means.size());
  EXPECT_EQ(all.contrasts.size(), whole().contrasts.size());
  EXPECT_EQ(all.layers, whole().layers);
}

TEST(AnalysisSelection, RowsAreThoseOfTheKindsAndLayers) {
  const Analysis part = selected(whole(), {.spans = {"chunks"}, .layers = {9}});
  EXPECT_EQ(part.layers, std::vector<int32_t>{9});
  EXPECT_EQ(part.means.size(), 6U);
  EXPECT_EQ(part.span_measures.size(), 15U);
  EXPECT_EQ(part.shapes.size(), 1U);
  for (const Contrast& contrast : part.contrasts) {
    EXPECT_EQ(contrast.span_kind, "anchor") << "one layer has no other to be compared with";
    EXPECT_EQ(contrast.against_kind, "chunk");
  }
  EXPECT_EQ(part.contrasts.size(), 6U);
  EXPECT_EQ(part.length_contrasts.size(), 6U);
  EXPECT_EQ(part.means[1].kl, whole().means[1 + 3 * 6].kl) << "the numbers are the whole analysis'";
}

TEST(AnalysisSelection, ControlsAreEveryKindOfControl) {
  const Analysis part = selected(whole(), {.spans = {"controls"}});
  EXPECT_EQ(part.spread.size(), 12U);
  EXPECT_EQ(part.spread[0].span_kind, "control_window");
}

TEST(AnalysisSelection, WhatTheRunLacksIsRefusedWithWhatItHas) {
  const Error kind = error_of([] { (void)selected(whole(), {.spans = {"control_matched"}}); });
  EXPECT_EQ(kind.setting(), "spans");
  EXPECT_NE(std::string(kind.what()).find("it has anchor, chunk, control_window"), std::string::npos);
  const Error layer = error_of([] { (void)selected(whole(), {.layers = {5, 7}}); });
  EXPECT_EQ(layer.code(), ErrorCode::kUsage);
  EXPECT_EQ(layer.setting(), "layers");
  EXPECT_NE(std::string(layer.what()).find("no layer 7; it has 5, 9"), std::string::npos);
}

}  // namespace
}  // namespace tugline
