#include "tugline/report/span_figures.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/analysed_runs.h"
#include "support/expect_error.h"
#include "support/holds.h"
#include "support/pushed_elsewhere.h"
#include "support/run_program.h"
#include "support/svg_text.h"
#include "support/temporary_folder.h"
#include "tugline/report/drawn_figure.h"
#include "tugline/report/layers_figure.h"

namespace tugline {
namespace {

constexpr const char* kMetric = "counterfactual_importance_kl";

class SpanFigures : public testing::Test {
 protected:
  void SetUp() override {
    make_grid_run(folder_ / "run.db");
    keep_analysis(folder_ / "run.db");
  }
  [[nodiscard]] RunStore store() const { return RunStore::open_read_only(folder_ / "run.db"); }
  [[nodiscard]] static FigureSubject subject(const std::string& kind, int32_t layer,
                                             const std::string& metric = "") {
    return {.span_kinds = {kind}, .layers = {layer}, .metric = metric};
  }
  TemporaryFolder folder_;
};

TEST_F(SpanFigures, ChunksAreColouredByTheirPlaceOrAMetric) {
  const RunView view = view_of(store());
  const Figure place = chunks_figure(store(), view, subject("chunk", 9));
  EXPECT_TRUE(holds(place.description, "15 chunk spans of 4 examples at layer 9")) << place.description;
  EXPECT_TRUE(holds(place.script, "number of the chunk"));
  EXPECT_TRUE(holds(place.script, "set cbrange [0:4]"));
  EXPECT_TRUE(
      holds(chunks_figure(store(), view, subject("chunk", 5, kMetric)).script, "set cbrange [0:0.4]"));
  // A metric that two chunks have: the others are counted.
  const Figure few = chunks_figure(store(), view, subject("chunk", 5, "different_trajectories_fraction"));
  EXPECT_TRUE(holds(few.description, "left out: 13 spans")) << few.description;
}

TEST_F(SpanFigures, EveryDescriptionSaysHowWasPushed) {
  const RunView view = pushed_elsewhere(view_of(store()));
  const FigureSubject about = subject("chunk", 5, kMetric);
  for (const auto make : {chunks_figure, scatter_figure, anisotropy_figure, layers_figure})
    expect_description_says_how(make(store(), view, about));
}

// What a logarithmic axis has no place for is not dropped without a word.
TEST_F(SpanFigures, EpsilonsOfBothSignsAreDrawn) {
  RunStore signs = RunStore::create_or_resume(folder_ / "signs.db", made_identity(), made_provenance());
  signs.put_example(made_example(0));
  for (const int32_t layer : {5, 9}) signs.put_unit(made_unit(0, layer, 1, {-2, -0.5, 0, 1}));
  FigureSubject about = subject("anchor", 5);
  EXPECT_TRUE(holds(chunks_figure(signs, view_of(signs), about).script, "\n-2 "));
  about.look.scale = AxisScale::kLogLog;
  const Figure positive = chunks_figure(signs, view_of(signs), about);
  EXPECT_TRUE(holds(positive.description, "ε = -2, -0.5, 0.")) << positive.description;
}

TEST_F(SpanFigures, ScatterShowsTheKeptCorrelations) {
  const Figure figure = scatter_figure(store(), view_of(store()), subject("chunk", 5, kMetric));
  const Analysis analysis = analysis_of(store());
  const auto found =
      std::find_if(analysis.correlations.begin(), analysis.correlations.end(), [](const auto& c) {
        return c.span_kind == "chunk" && c.layer == 5 && c.measure == "abs_a" && c.metric == kMetric;
      });
  EXPECT_TRUE(holds(figure.script, fmt::format("pooled: Spearman ρ = {:.2f} (p = {:.2g}, q = {:.2g})",
                                               *found->spearman.coefficient, *found->spearman.p_value,
                                               *found->spearman.q_value)))
      << figure.script;
  EXPECT_TRUE(holds(figure.script, "within examples"));
}

TEST_F(SpanFigures, AnisotropyHasAPanelForEach) {
  const Figure figure = anisotropy_figure(store(), view_of(store()), subject("chunk", 5));
  EXPECT_TRUE(holds(figure.script, "largest over smallest KL"));
  EXPECT_TRUE(holds(figure.script, "coefficient of variation of KL"));
  EXPECT_TRUE(holds(figure.description, "15 chunk spans at ε = 8"));
}

// The mean over the chunks of made_grids.h, and its curvature, at both layers: layer 9 is twice layer 5 on
// average.
TEST_F(SpanFigures, LayersAreAHeatMapAndCurvatures) {
  FigureSubject about = subject("chunk", 5);
  about.layers = {5, 9};
  const RunView view = view_of(store());
  const Figure figure = layers_figure(store(), view, about);
  for (const CurvePoint& point : view.curves) {
    if (point.span_kind != "chunk" || point.epsilon <= 0 || point.kl.mean < 1e-3) continue;
    EXPECT_TRUE(holds(figure.script, fmt::format("'{:.2g}'", point.kl.mean))) << point.kl.mean;
  }
  EXPECT_TRUE(holds(figure.script, "curvature a, nats"));
  EXPECT_TRUE(holds(figure.script, "set colorbox"));
}

TEST_F(SpanFigures, EveryFormatIsDrawn) {
  const RunView view = view_of(store());
  for (const char* name : {"a.svg", "a.png", "a.pdf"})
    for (const auto make : {chunks_figure, scatter_figure, anisotropy_figure, layers_figure}) {
      FigureSubject about = subject("chunk", 5, kMetric);
      about.look.format = figure_format_of(name);
      draw_figure(make(store(), view, about), folder_ / name);
      if (about.look.format == FigureFormat::kSvg) expect_no_text_overlaps(file_text(folder_ / name));
    }
}

TEST_F(SpanFigures, WhatCannotBeDrawnIsAnError) {
  const RunView view = view_of(store());
  const auto code = [&](auto make, const FigureSubject& about) {
    return error_of([&] { (void)make(store(), view, about); }).code();
  };
  const FigureSubject unknown = subject("chunk", 5, "counterfactual_accuracies");
  EXPECT_EQ(code(chunks_figure, unknown), ErrorCode::kUsage);
  EXPECT_EQ(code(scatter_figure, unknown), ErrorCode::kUsage);
  EXPECT_EQ(code(scatter_figure, subject("chunk", 7, kMetric)), ErrorCode::kNothingToMeasure);
}

}  // namespace
}  // namespace tugline
