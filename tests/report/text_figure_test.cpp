#include "tugline/report/text_figure.h"

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

namespace tugline {
namespace {

// made_grids.h: four examples of 3, 4, 5, 3 chunks; the anchor is chunk 1.
class TextFigure : public testing::Test {
 protected:
  void SetUp() override {
    RunStore store = RunStore::create_or_resume(folder_ / "run.db", made_identity(), made_provenance());
    for (int64_t example = 0; example < 4; ++example) store.put_example(made_example(example));
    for (UnitRecord unit : made_grid_units()) {
      unit.span_text = fmt::format("Words of {} {}.", unit.key.example, unit.key.chunk);
      for (ResponseRecord& response : unit.measured.responses) {
        for (size_t m = 0; m < kMeasures.size(); ++m)
          if (kMeasures[m].is_always_measured()) response.means[m] = response.means[m].value_or(0);
        response.rows = unmoved_rows(1);
      }
      unit.measured.rows = {unit.measured.position};
      unit.measured.row_tokens = {1};
      unit.measured.rms = 1;
      store.put_unit(unit);
    }
  }
  [[nodiscard]] RunStore store() const { return RunStore::open_read_only(folder_ / "run.db"); }
  [[nodiscard]] Figure figure(FigureSubject subject = {}) const {
    subject.span_kinds = {"chunk"};
    subject.layers = {5, 9};
    return text_figure(store(), view_of(store()), subject);
  }
  [[nodiscard]] double mean_kl(int64_t example, int64_t chunk, int32_t layer, double epsilon) const {
    double sum = 0;
    int count = 0;
    const UnitKey key{.example = example, .span_kind = "chunk", .chunk = chunk, .layer = layer};
    for (const ResponseRecord& response : store().responses(key, RowValues::kSkip))
      if (response.epsilon == epsilon) sum += response.kl(), ++count;
    return sum / count;
  }
  TemporaryFolder folder_;
};

TEST_F(TextFigure, OneExampleHasItsWordsAndTheAnchorMarked) {
  const Figure found = figure({.epsilon = 4, .examples = {2}});
  for (const char* name : {"'Words of 2 0.  0'", "'► Words of 2 1.  1'", "'Words of 2 4.  4'"})
    EXPECT_TRUE(holds(found.script, name)) << name << found.script;
  EXPECT_FALSE(holds(found.script, "Words of 1"));
  // The words stand from the top: chunk 0 of five is in row 4, layer 5 above layer 9.
  EXPECT_TRUE(holds(found.script, fmt::format("\n{} 3.89 ", mean_kl(2, 0, 9, 4)))) << found.script;
  EXPECT_TRUE(holds(found.script, fmt::format("\n{} 0.11 ", mean_kl(2, 4, 5, 4)))) << found.script;
  EXPECT_TRUE(holds(found.script, "first 3 to graph 1, first 3")) << "the anchor's row";
}

TEST_F(TextFigure, SeveralExamplesHaveAPanelEachWithTheAnchorMarked) {
  const Figure found = figure();
  for (int example = 0; example < 4; ++example)
    EXPECT_TRUE(holds(found.script, fmt::format("'example {}'", example))) << found.script;
  EXPECT_TRUE(holds(found.script, fmt::format("\n2 {} ", mean_kl(1, 2, 9, 8)))) << found.script;
  EXPECT_TRUE(holds(found.script, "from first 1, graph 0 to first 1, graph 1")) << "the anchor's chunk";
  EXPECT_TRUE(holds(found.description, "chunks of 4 examples"));
}

TEST_F(TextFigure, WhatTheRunLacksIsRefused) {
  const Error e = error_of([&] { (void)figure({.examples = {7}}); });
  EXPECT_EQ(e.code(), ErrorCode::kUsage);
  EXPECT_TRUE(holds(e.what(), "it has measured 0, 1, 2, 3")) << e.what();
  RunStore other = RunStore::create_or_resume(folder_ / "anchors.db", made_identity(), made_provenance());
  other.put_example(made_example(0));
  other.put_unit(made_unit(0, 5, 1));
  const Error no_chunks =
      error_of([&] { (void)text_figure(other, view_of(other), {.span_kinds = {"anchor"}, .layers = {5}}); });
  EXPECT_TRUE(holds(no_chunks.what(), "the run has anchor")) << no_chunks.what();
}

TEST_F(TextFigure, EveryFormatIsDrawnAndDescribed) {
  for (const char* name : {"f.svg", "f.png", "f.pdf"})
    for (const std::vector<int64_t>& examples : {std::vector<int64_t>{}, std::vector<int64_t>{2}}) {
      draw_figure(figure({.examples = examples, .look = {.format = figure_format_of(name)}}), folder_ / name);
      if (std::string(name) == "f.svg") expect_no_text_overlaps(file_text(folder_ / name));
    }
  expect_description_says_how(
      text_figure(store(), pushed_elsewhere(view_of(store())), {.span_kinds = {"chunk"}, .layers = {5}}));
}

}  // namespace
}  // namespace tugline
