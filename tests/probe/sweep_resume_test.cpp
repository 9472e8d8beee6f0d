// Sweeps that are interrupted and resumed.
#include <gtest/gtest.h>

#include "probe/sweep_fixture.h"
#include "support/expect_error.h"
#include "tugline/probe/plan.h"

namespace tugline::test {
namespace {

TEST_F(Sweeps, ResumingRunsWhatIsMissing) {
  const SweepOptions options = small_options();
  const MemoryObserver whole = run(options);
  const SweepPlan plan = plan_sweep(dataset_, tokenizer_, options);
  MemoryObserver observer;
  const UnitKey kept = whole.order[1];
  observer.hold(whole.units.at(kept));
  const auto left = [&] {
    return cost_of(model_.config(), plan, options, [&](const UnitKey& key) { return observer.parts(key); });
  };
  const SweepCost cost = left();
  EXPECT_EQ(cost.pushes, 6);
  EXPECT_EQ(cost.units_left, 3);
  run_sweep(model_, plan, options, observer);
  EXPECT_EQ(observer.units, whole.units);
  EXPECT_EQ(observer.order.size(), 3U);
  EXPECT_EQ(observer.pushes, cost.pushes);
  EXPECT_DOUBLE_EQ(observer.flops, cost.push_work.total());
  EXPECT_EQ(left().flops(), 0);
  run_sweep(model_, plan, options, observer);
  EXPECT_EQ(observer.order.size(), 3U);
}

TEST_F(Sweeps, AnInterruptionLeavesFinishedUnits) {
  const SweepOptions options = small_options();
  const MemoryObserver whole = run(options);
  const SweepPlan plan = plan_sweep(dataset_, tokenizer_, options);
  MemoryObserver observer;
  observer.stop_after = 5;
  expect_error(ErrorCode::kInterrupted, {"interrupted"}, [&] { run_sweep(model_, plan, options, observer); });
  EXPECT_EQ(observer.units.size(), 2U);
  for (const auto& [key, unit] : observer.units) EXPECT_EQ(unit, whole.units.at(key));
  observer.stop_after = int64_t{1} << 40;
  run_sweep(model_, plan, options, observer);
  EXPECT_EQ(observer.units, whole.units);
}

// Directions and targets that are made of the transcripts' residuals: the same bits when resumed, other than
// isotropic ones, and what was counted and left out is handed over, sinks at least the first token of each
// measured transcript.
TEST_F(Sweeps, PushesMadeOfResidualsAreTheSameWhenResumed) {
  const MemoryObserver isotropic = run(small_options());
  std::vector<SweepOptions> all(5, small_options());
  all[0].pushes.family = DirectionFamily::kCovarianceDiagonal;
  all[1].pushes.family = DirectionFamily::kCovariance;
  all[2].pushes.family = DirectionFamily::kDifference;
  all[3].pushes.family = DirectionFamily::kPrincipal;
  all[4].pushes.kind = PushKind::kInterpolation;
  for (const SweepOptions& options : all) {
    const MemoryObserver whole = run(options);
    ASSERT_EQ(whole.residuals.size(), 2U);
    for (const auto& [layer, statistics] : whole.residuals) {
      EXPECT_GE(statistics.sinks, 2);
      EXPECT_EQ(statistics.tokens + statistics.sinks,
                static_cast<int64_t>(dataset_[0].transcript.size() + dataset_[2].transcript.size()));
    }
    MemoryObserver resumed;
    resumed.hold(whole.units.at(whole.order[2]));
    run_sweep(model_, plan_sweep(dataset_, tokenizer_, options), options, resumed);
    EXPECT_EQ(resumed.units, whole.units);
    for (const auto& [key, unit] : whole.units) {
      EXPECT_NE(unit.measured.responses[1].kl(), isotropic.units.at(key).measured.responses[1].kl());
      EXPECT_EQ(unit.measured.responses[0].cosine, std::nullopt);  // epsilon 0: nothing was pushed
      ASSERT_TRUE(unit.measured.responses[1].cosine);
      EXPECT_LE(std::abs(*unit.measured.responses[1].cosine), 1);
    }
  }
}

TEST_F(Sweeps, IsotropicDirectionsNeedNoResiduals) { EXPECT_TRUE(run(small_options()).residuals.empty()); }

TEST_F(Sweeps, TheResidualsPassCanBeInterrupted) {
  SweepOptions options = small_options();
  options.pushes.family = DirectionFamily::kDifference;
  MemoryObserver observer;
  observer.stop_after = 0;
  expect_error(ErrorCode::kInterrupted, {"interrupted"},
               [&] { run_sweep(model_, plan_sweep(dataset_, tokenizer_, options), options, observer); });
  EXPECT_TRUE(observer.residuals.empty());
}

}  // namespace
}  // namespace tugline::test
