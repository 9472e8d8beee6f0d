#include "tugline/report/controls_figure.h"

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

// made_runs.h: a mean KL of 1.5 scale eps^2. The anchors' scales are `anchors`, the matched controls' 1, the
// moved pushes' 2.
class ControlsFigure : public testing::Test {
 protected:
  void make_run(const std::vector<double>& anchors) {
    RunStore store = RunStore::create_or_resume(folder_ / "run.db", made_identity(), made_provenance());
    for (size_t i = 0; i < anchors.size(); ++i) {
      const auto example = static_cast<int64_t>(i);
      store.put_example(made_example(example));
      store.put_unit(made_unit(example, 20, anchors[i]));
      store.put_unit(other(example, "control_matched", 1));
      store.put_unit(other(example, "control_offset_+1", 2));
    }
  }
  static UnitRecord other(int64_t example, const std::string& kind, double scale) {
    UnitRecord unit = made_unit(example, 20, scale);
    unit.key.span_kind = kind;
    unit.key.chunk = 5;
    unit.span = {31, 33};
    unit.measured.position = 30;
    unit.measured.rows = {30, 31};
    return unit;
  }
  [[nodiscard]] RunStore store() const { return RunStore::open_read_only(folder_ / "run.db"); }
  [[nodiscard]] Figure figure(FigureSubject subject = {}) const {
    if (subject.span_kinds.empty()) subject.span_kinds = {"anchor"};
    subject.layers = {20};
    return controls_figure(store(), view_of(store()), subject);
  }
  TemporaryFolder folder_;
};

// 1.5, 2 and 2.5 times the control's: 50, 100 and 150 % more; mean 100, standard error 50 / sqrt 3, and
// t = 4.302653 with two degrees of freedom.
TEST_F(ControlsFigure, DrawsPairedDifferencesInPercent) {
  make_run({1.5, 2, 2.5});
  const Figure found = figure();
  for (const char* dot : {"\n50 ", "\n100 ", "\n150 "}) EXPECT_TRUE(holds(found.script, dot)) << found.script;
  EXPECT_TRUE(holds(found.script, "'+100 % [-24.2, 224], 3 of 3 larger, p = 0.074'")) << found.script;
  EXPECT_TRUE(holds(found.script, "'matched control'"));
  EXPECT_TRUE(holds(found.script, "% of the others"));
}

TEST_F(ControlsFigure, MovedPushesAreDrawnIfTheyAreNamed) {
  make_run({1.5, 2, 2.5});
  EXPECT_FALSE(holds(figure().script, "1 token later"));
  const std::string named = figure({.span_kinds = {"anchor", "control_offset_+1"}}).script;
  EXPECT_TRUE(holds(named, "push 1 token later"));
  EXPECT_TRUE(holds(named, "'+0 % [")) << "the anchors' mean scale is 2, too" << named;
  EXPECT_FALSE(holds(named, "matched control"));
}

TEST_F(ControlsFigure, AMeasureThatMayBeNegativeHasNoPercent) {
  make_run({1.5, 2, 2.5});
  const std::string script = figure({.measure = response_measure_named("delta_logprob")}).script;
  EXPECT_FALSE(holds(script, " % [")) << script;
  EXPECT_TRUE(holds(script, "'-0.75 [-1.68, 0.182], 0 of 3 larger, p = 0.074'")) << script;
}

// If there are more than 20 examples, the farthest stay off the axis, and the caption counts them.
TEST_F(ControlsFigure, CountsWhatIsBeyondTheAxis) {
  std::vector<double> anchors(60, 2.0);
  for (size_t i = 0; i < anchors.size(); ++i) anchors[i] += 0.01 * static_cast<double>(i % 7);
  anchors[7] = 400;
  make_run(anchors);
  EXPECT_TRUE(holds(figure().description, "Beyond the axis: 1 dot.")) << figure().description;
}

TEST_F(ControlsFigure, ARunWithoutOtherSpansIsRefused) {
  make_small_run(folder_ / "run.db");
  const Error e = error_of([&] { (void)figure(); });
  EXPECT_EQ(e.code(), ErrorCode::kUsage);
  EXPECT_TRUE(holds(e.what(), "the run has anchor")) << e.what();
}

TEST_F(ControlsFigure, EveryFormatIsDrawnAndDescribed) {
  make_run({1.5, 2, 2.5});
  for (const char* name : {"f.svg", "f.png", "f.pdf"})
    for (const FigureStyle style : {FigureStyle::kPaper, FigureStyle::kSlides}) {
      draw_figure(figure({.look = {.format = figure_format_of(name), .style = style}}), folder_ / name);
      if (std::string(name) == "f.svg") expect_no_text_overlaps(file_text(folder_ / name));
    }
  FigureSubject subject{.span_kinds = {"anchor"}, .layers = {20}};
  expect_description_says_how(controls_figure(store(), pushed_elsewhere(view_of(store())), subject));
}

}  // namespace
}  // namespace tugline
