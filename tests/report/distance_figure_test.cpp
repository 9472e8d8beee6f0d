#include "tugline/report/distance_figure.h"

#include <gtest/gtest.h>

#include "support/made_runs.h"
#include "support/pushed_elsewhere.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace tugline {
namespace {

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// A unit whose rows are at the distances 1 to `rows`, its KL falling with the distance.
UnitRecord downstream_unit(int64_t example, int32_t layer, int64_t rows, double scale) {
  UnitRecord unit = made_unit(example, layer, scale);
  unit.measured.rows.clear();
  unit.measured.row_tokens.assign(static_cast<size_t>(rows), 7);
  for (int64_t distance = 1; distance <= rows; ++distance)
    unit.measured.rows.push_back(unit.measured.position + distance);
  for (ResponseRecord& response : unit.measured.responses) {
    response.rows = unmoved_rows(static_cast<size_t>(rows));
    for (int64_t distance = 1; distance <= rows; ++distance)
      response.rows[kKl][static_cast<size_t>(distance - 1)] = response.kl() / static_cast<double>(distance);
  }
  return unit;
}

// Two examples of 16 and 32 rows downstream at layers 20 and 29; nothing reaches the rows at 29.
class DistanceFigure : public testing::Test {
 protected:
  void SetUp() override {
    RunStore store = RunStore::create_or_resume(folder_ / "run.db", made_identity(), made_provenance());
    for (const int64_t example : {0, 1}) {
      store.put_example(made_example(example));
      store.put_unit(downstream_unit(example, 20, 16 + 16 * example, 0.5 + static_cast<double>(example)));
      store.put_unit(downstream_unit(example, 29, 16 + 16 * example, 0));
    }
  }
  [[nodiscard]] RunStore store() const { return RunStore::open_read_only(folder_ / "run.db"); }
  [[nodiscard]] std::string script(const DistanceFigureOptions& options) const {
    return distance_figure_script(store(), view_of(store()), options);
  }
  TemporaryFolder folder_;
};

TEST_F(DistanceFigure, HasACurveALayerOnLogarithmicAxes) {
  const std::string found = script({.span_kind = "anchor"});
  EXPECT_TRUE(holds(found, "set logscale x")) << found;
  EXPECT_TRUE(holds(found, "set xrange [1:32]"));
  EXPECT_TRUE(holds(found, "29: exactly 0"));
  EXPECT_TRUE(holds(found, "ε = 2")) << "the run's largest";
  // Distance 4, epsilon 2: mean over the directions 1.5 scale eps^2 / 4, and over the scales 0.5 and 1.5.
  EXPECT_TRUE(holds(found, "\n4 1.5 ")) << found;
  // Where one example alone has rows, its own mean.
  EXPECT_TRUE(holds(found, "\n32 0.28125 ")) << found;
}

TEST_F(DistanceFigure, SaysThatFarDistancesHaveFewerSpans) {
  EXPECT_TRUE(holds(caption_in(script({.span_kind = "anchor"})), "that far (1 to 2)."));
}

TEST_F(DistanceFigure, TheCaptionSaysHowWasPushed) {
  expect_caption_says_how(
      distance_figure_script(store(), pushed_elsewhere(view_of(store())), {.span_kind = "anchor"}));
}

// A logarithmic axis from 1 to 32 has more labels than 1 and 10.
TEST_F(DistanceFigure, DistancesAreLabelledWithinADecade) {
  for (const char* tick : {"'2' 2e0", "'5' 5e0", "'20' 2e1"})
    EXPECT_TRUE(holds(script({.span_kind = "anchor"}), tick)) << tick;
}

TEST_F(DistanceFigure, AnotherEpsilonIsOneOfTheRuns) {
  EXPECT_TRUE(holds(script({.span_kind = "anchor", .epsilon = 0.5}), "\n4 0.09375 "));
  const Error e = error_of([&] { (void)script({.span_kind = "anchor", .epsilon = 3}); });
  EXPECT_EQ(e.code(), ErrorCode::kUsage);
  EXPECT_TRUE(holds(e.what(), "it has 0, 0.5, 2")) << e.what();
}

TEST_F(DistanceFigure, EveryFormatIsDrawn) {
  for (const char* name : {"d.svg", "d.png", "d.pdf"})
    draw_script(script({.span_kind = "anchor", .format = figure_format_of(name)}), folder_ / name);
  EXPECT_TRUE(holds(file_text(folder_ / "d.svg"), "distance of the readout row"));
}

}  // namespace
}  // namespace tugline
