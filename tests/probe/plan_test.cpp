// The cost of a whole sweep: sums over units, what a store has already, what is paid once.
#include "tugline/probe/plan.h"

#include <gtest/gtest.h>

#include "probe/shapes.h"
#include "tugline/probe/reach.h"

namespace tugline::test {
namespace {

Site after(int32_t layer) { return {{layer}, Hook::kResidPost}; }

class Plans : public testing::Test {
 protected:
  Plans() {
    options_.layers = {{1}, {4}};  // the last of the shape's five is 4
    options_.pushes.epsilons = {0, 1, 2};
    options_.pushes.directions = 5;
    examples_[1].index = 1;
    add_example(40, {{5, 9}, {20, 30}});
    add_example(60, {{50, 60}});
  }
  void add_example(size_t tokens, const std::vector<TokenRange>& spans) {
    PlannedExample planned;
    planned.example = &examples_[plan_.examples.size()];
    planned.ids.assign(tokens, 0);
    for (size_t i = 0; i < spans.size(); ++i)
      planned.spans.push_back(
          {.kind = Span::Kind::kChunk, .chunk = static_cast<int64_t>(i), .tokens = spans[i], .text = {}});
    plan_.examples.push_back(std::move(planned));
  }
  // With all pushes of the units that `has_unit` says.
  [[nodiscard]] SweepCost cost(const std::function<bool(const UnitKey&)>& has_unit) const {
    return cost_of(config_, plan_, options_, [&](const UnitKey& key) {
      const MeasuredPart all{.grid = whole_grid(options_.pushes), .audited = options_.audit};
      return has_unit(key) ? UnitParts{all} : UnitParts();
    });
  }
  [[nodiscard]] SweepCost cost() const { return cost_of(config_, plan_, options_, no_parts); }
  // Ten pushes a unit at both layers.
  [[nodiscard]] double push_flops(int64_t begin, int64_t end) const {
    const ReplayRows rows{.push = {begin - 1}, .count = end - begin, .first_read = 0};
    return push_work(config_, rows, after(1), 10).total() +
           push_work(config_, replayed_rows(config_, rows, after(4)), after(4), 10).total();
  }

  std::vector<Example> examples_ = std::vector<Example>(2);
  ModelConfig config_ = small_shape();
  SweepOptions options_;
  SweepPlan plan_;
};

TEST_F(Plans, AreTheSumsOfTheirUnits) {
  const SweepCost all = cost();
  EXPECT_EQ(all.units, 6);
  EXPECT_EQ(all.units_left, 6);
  EXPECT_EQ(all.spans_left, 3);
  EXPECT_EQ(all.baselines_left, 2);
  EXPECT_EQ(all.pushes, 6 * 10);
  EXPECT_EQ(all.batches, 6);
  EXPECT_EQ(all.largest_batch_rows, 100);
  EXPECT_DOUBLE_EQ(all.push_work.total(), push_flops(5, 9) + push_flops(20, 30) + push_flops(50, 60));
  EXPECT_DOUBLE_EQ(all.shared_work.total(),
                   baseline_work(config_, 40).total() + baseline_work(config_, 60).total() +
                       span_work(config_, {.push = {4}, .count = 4}, after(1)).total() +
                       span_work(config_, {.push = {19}, .count = 10}, after(1)).total() +
                       span_work(config_, {.push = {49}, .count = 10}, after(1)).total());
  EXPECT_EQ(all.memory.baseline, baseline_bytes(config_, 60, 2, after(1)).held);
}

TEST_F(Plans, LeaveOutWhatIsThere) {
  const SweepCost left = cost([](const UnitKey& key) { return key.example == 0; });
  EXPECT_EQ(left.units, 6);
  EXPECT_EQ(left.units_left, 2);
  EXPECT_EQ(left.baselines_left, 1);
  EXPECT_EQ(left.pushes, 20);
  EXPECT_DOUBLE_EQ(left.push_work.total(), push_flops(50, 60));
  EXPECT_EQ(left.store_bytes, cost().store_bytes) << "of the store when the sweep is done";
  EXPECT_EQ(cost([](const UnitKey&) { return true; }).flops(), 0);
}

// Each of six units has ten pushes. Two are audited already, and five are asked for.
TEST_F(Plans, CountTheAuditsThatAreStillToBeMade) {
  options_.audit = 5;
  const auto audits_left = [&](int64_t audited) {
    return cost_of(config_, plan_, options_,
                   [&](const UnitKey&) {
                     return UnitParts{{.grid = whole_grid(options_.pushes), .audited = audited}};
                   })
        .audits_left;
  };
  EXPECT_EQ(audits_left(2), 6 * 3);
  EXPECT_EQ(audits_left(5), 0);
  EXPECT_EQ(cost().audits_left, 0) << "the audits of a new unit are part of it";
}

TEST_F(Plans, CountHooksByTheAttentionBlocksAboveThem) {
  options_.point = Hook::kResidPre;  // of layers 1 and 4: above the outputs of 0 and 3
  const SweepCost before = cost();
  options_.point = Hook::kResidPost;
  options_.layers = {{0}, {3}};
  EXPECT_DOUBLE_EQ(before.push_work.total(), cost().push_work.total());
  EXPECT_DOUBLE_EQ(before.shared_work.total(), cost().shared_work.total());
  EXPECT_EQ(before.memory.peak, cost().memory.peak);
}

TEST_F(Plans, CountThePassForTheResidualsStatistics) {
  const double without = cost().shared_work.total();
  options_.pushes.family = DirectionFamily::kDifference;
  const auto has_first = [](const UnitKey& key) { return key.example == 0; };
  const double of_one = cost(has_first).shared_work.total();
  options_.pushes.family = DirectionFamily::kIsotropic;
  const double pass = residual_pass_work(config_, 40, 5).total() + residual_pass_work(config_, 60, 5).total();
  EXPECT_NEAR(of_one - cost(has_first).shared_work.total(), pass, 1e-12 * without)
      << "all transcripts, whichever units are left";
}

TEST_F(Plans, CountNoPushesThatCannotReachARow) {
  options_.readout = ReadoutKind::kFollowing;
  plan_.examples.pop_back();  // its span ends with the text
  EXPECT_EQ(cost().units, 4);
  EXPECT_EQ(cost().pushes, 2 * 10);
}

TEST_F(Plans, FollowTheLimitsOfBatches) {
  options_.limits.rows = 30;
  EXPECT_EQ(cost().largest_batch_rows, 30);
  EXPECT_EQ(cost().batches,
            2 + 4 + 4 + 3);  // 7, 3 and 3 pushes a batch at layer 1; at layer 4 all 10 rows at once
}

TEST_F(Plans, ExpectTimeInProportion) {
  EXPECT_DOUBLE_EQ(expected_seconds(cost(), 2e9), cost().flops() / 2e9);
}

}  // namespace
}  // namespace tugline::test
