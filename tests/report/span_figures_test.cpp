#include "tugline/report/span_figures.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/analysed_runs.h"
#include "support/pushed_elsewhere.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace tugline {
namespace {

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

class SpanFigures : public testing::Test {
 protected:
  void SetUp() override {
    make_grid_run(folder_ / "run.db");
    keep_analysis(folder_ / "run.db");
  }
  [[nodiscard]] RunStore store() const { return RunStore::open_read_only(folder_ / "run.db"); }
  TemporaryFolder folder_;
};

constexpr const char* kMetric = "counterfactual_importance_kl";

TEST_F(SpanFigures, ChunksAreColouredByTheirPlaceOrAMetric) {
  const RunView view = view_of(store());
  const std::string place = chunks_figure_script(store(), view, {.span_kind = "chunk", .layer = 9});
  EXPECT_TRUE(holds(caption_in(place), "15 chunk spans of 4 examples at layer 9")) << place;
  EXPECT_TRUE(holds(place, "number of the chunk"));
  EXPECT_TRUE(holds(place, "set cbrange [0:4]"));
  const std::string metric =
      chunks_figure_script(store(), view, {.span_kind = "chunk", .layer = 5, .metric = kMetric});
  EXPECT_TRUE(holds(metric, "set cbrange [0:0.4]")) << metric;
  // A metric that two chunks have: the others are counted.
  const std::string few = chunks_figure_script(
      store(), view, {.span_kind = "chunk", .layer = 5, .metric = "different_trajectories_fraction"});
  EXPECT_TRUE(holds(caption_in(few), "left out: 13 spans")) << few;
}

TEST_F(SpanFigures, EveryCaptionSaysHowWasPushed) {
  const RunView view = pushed_elsewhere(view_of(store()));
  const SpanFigureOptions options{.span_kind = "chunk", .layer = 5, .metric = kMetric};
  expect_caption_says_how(chunks_figure_script(store(), view, options));
  expect_caption_says_how(scatter_figure_script(store(), view, options));
  expect_caption_says_how(anisotropy_figure_script(store(), view, options));
}

TEST_F(SpanFigures, AnInterpolationsAxisIsAFraction) {
  RunView view = view_of(store());
  view.identity.fields[field::kPush] = "interpolation";
  const std::string script = chunks_figure_script(store(), view, {.span_kind = "chunk", .layer = 5});
  EXPECT_TRUE(holds(script, "fraction ε of the way")) << script;
  EXPECT_FALSE(holds(script, "RMS"));
}

// What a logarithmic axis has no place for is not dropped without a word.
TEST_F(SpanFigures, ChunksSayWhichEpsilonsAreNotDrawn) {
  RunStore signs = RunStore::create_or_resume(folder_ / "signs.db", made_identity(), made_provenance());
  signs.put_example(made_example(0));
  for (const int32_t layer : {5, 9}) signs.put_unit(made_unit(0, layer, 1, {-2, -0.5, 0, 1}));
  const std::string script = chunks_figure_script(signs, view_of(signs), {.span_kind = "anchor", .layer = 5});
  EXPECT_TRUE(holds(caption_in(script), "-2, -0.5, 0,")) << script;
  RunStore negative = RunStore::create_or_resume(folder_ / "negative.db", made_identity(), made_provenance());
  negative.put_example(made_example(0));
  negative.put_unit(made_unit(0, 5, 1, {-2, -1}));
  const Error e = error_of(
      [&] { (void)chunks_figure_script(negative, view_of(negative), {.span_kind = "anchor", .layer = 5}); });
  EXPECT_TRUE(holds(e.what(), "no epsilon above 0")) << e.what();
}

TEST_F(SpanFigures, ScatterShowsTheKeptCorrelations) {
  const RunView view = view_of(store());
  const std::string script =
      scatter_figure_script(store(), view, {.span_kind = "chunk", .layer = 5, .metric = kMetric});
  const Analysis analysis = analysis_of(store());
  const auto found =
      std::find_if(analysis.correlations.begin(), analysis.correlations.end(), [](const auto& c) {
        return c.span_kind == "chunk" && c.layer == 5 && c.measure == "abs_a" && c.metric == kMetric;
      });
  EXPECT_TRUE(holds(
      script, fmt::format("pooled:  Spearman ρ = {:.2f} (p = {:.2g}, q = {:.2g})",
                          *found->spearman.coefficient, *found->spearman.p_value, *found->spearman.q_value)))
      << script;
  EXPECT_TRUE(holds(script, "within examples"));
}

TEST_F(SpanFigures, AnisotropyHasAPanelForEach) {
  const std::string script = anisotropy_figure_script(store(), view_of(store()), {.span_kind = "chunk"});
  EXPECT_TRUE(holds(script, "largest over smallest KL"));
  EXPECT_TRUE(holds(script, "coefficient of variation of KL"));
  EXPECT_TRUE(holds(caption_in(script), "15 chunk spans at ε = 8"));
}

TEST_F(SpanFigures, EveryFormatIsDrawn) {
  const RunView view = view_of(store());
  for (const char* name : {"a.svg", "a.png", "a.pdf"}) {
    const SpanFigureOptions options{
        .span_kind = "chunk", .layer = 5, .metric = kMetric, .format = figure_format_of(name)};
    draw_script(chunks_figure_script(store(), view, options), folder_ / (std::string("c") + name));
    draw_script(scatter_figure_script(store(), view, options), folder_ / (std::string("s") + name));
    draw_script(anisotropy_figure_script(store(), view, options), folder_ / (std::string("n") + name));
  }
  EXPECT_EQ(folder_.names().size(), 10U);
  EXPECT_TRUE(holds(file_text(folder_ / "sa.svg"), "Spearman"));
  EXPECT_TRUE(holds(file_text(folder_ / "na.svg"), "coefficient of variation"));
}

TEST_F(SpanFigures, WhatCannotBeDrawnIsAnError) {
  const RunView view = view_of(store());
  const auto code = [&](auto make, const SpanFigureOptions& options) {
    return error_of([&] { (void)make(store(), view, options); }).code();
  };
  const SpanFigureOptions unknown{.span_kind = "chunk", .layer = 5, .metric = "counterfactual_accuracies"};
  EXPECT_EQ(code(chunks_figure_script, unknown), ErrorCode::kUsage);
  EXPECT_EQ(code(scatter_figure_script, unknown), ErrorCode::kUsage);
  EXPECT_EQ(code(scatter_figure_script, {.span_kind = "chunk", .layer = 7, .metric = kMetric}),
            ErrorCode::kNothingToMeasure);
  EXPECT_EQ(code(anisotropy_figure_script, {.span_kind = "other"}), ErrorCode::kNothingToMeasure);
}

}  // namespace
}  // namespace tugline
