#include "tugline/report/distance_figure.h"

#include <gtest/gtest.h>

#include "support/expect_error.h"
#include "support/holds.h"
#include "support/made_runs.h"
#include "support/pushed_elsewhere.h"
#include "support/run_program.h"
#include "support/svg_text.h"
#include "support/temporary_folder.h"

namespace tugline {
namespace {

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
  [[nodiscard]] Figure figure(FigureSubject subject = {}) const {
    return figure(view_of(store()), std::move(subject));
  }
  [[nodiscard]] Figure figure(const RunView& view, FigureSubject subject) const {
    subject.span_kinds = {"anchor"};
    subject.layers = {20, 29};
    return distance_figure(store(), view, subject);
  }
  TemporaryFolder folder_;
};

// Distances 1, 2, 3 to 4, 5 to 8, 9 to 16 and 17 to 32. The mean of two rows at 3 and 4 is that of 1/3 and
// 1/4.
TEST_F(DistanceFigure, HasACurveALayerInBinsThatDouble) {
  const Figure found = figure();
  EXPECT_TRUE(holds(found.script, "set logscale x")) << found.script;
  EXPECT_TRUE(holds(found.script, "29: exactly 0"));
  EXPECT_TRUE(holds(found.script, "ε = 2")) << "the run's largest";
  // At distance 1 and epsilon 2: mean over the directions 1.5 scale eps^2, and over the scales 0.5 and 1.5.
  EXPECT_TRUE(holds(found.script, "\n1 6\n")) << found.script;
  EXPECT_TRUE(holds(found.script, "\n3.46410161513775")) << found.script;
  EXPECT_TRUE(holds(found.script, " 1.75\n")) << found.script;
}

TEST_F(DistanceFigure, SaysThatFarDistancesHaveFewerSpans) {
  EXPECT_TRUE(holds(figure().description, "that far (1 to 2)."));
}

TEST_F(DistanceFigure, TheDescriptionSaysHowWasPushed) {
  expect_description_says_how(figure(pushed_elsewhere(view_of(store())), {}));
}

// A logarithmic axis from 1 to 23 has more labels than 1 and 10.
TEST_F(DistanceFigure, DistancesAreLabelledWithinADecade) {
  for (const char* tick : {"'2' 2", "'5' 5", "'20' 20"}) EXPECT_TRUE(holds(figure().script, tick)) << tick;
}

TEST_F(DistanceFigure, AnotherEpsilonIsOneOfTheRuns) {
  EXPECT_TRUE(holds(figure({.epsilon = 0.5}).script, "\n1 0.375\n"));
  const Error e = error_of([&] { (void)figure({.epsilon = 3}); });
  EXPECT_EQ(e.code(), ErrorCode::kUsage);
  EXPECT_TRUE(holds(e.what(), "it has 0, 0.5, 2")) << e.what();
}

TEST_F(DistanceFigure, AMeasureOfSeveralRowsIsRefused) {
  EXPECT_EQ(error_of([&] { (void)figure({.measure = response_measure_named("kl_after")}); }).code(),
            ErrorCode::kUsage);
}

TEST_F(DistanceFigure, EveryFormatIsDrawn) {
  for (const char* name : {"d.svg", "d.png", "d.pdf"})
    draw_figure(figure({.look = {.format = figure_format_of(name)}}), folder_ / name);
  expect_no_text_overlaps(file_text(folder_ / "d.svg"));
}

}  // namespace
}  // namespace tugline
